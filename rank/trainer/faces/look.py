"""What makes a person: numbers drawn at random, one row per person."""

import torch

from ..constants import constant

# name: (lowest, highest). A frame reaches from -1 to 1 in both directions, y downwards.
RANGES = {
    "x": (-0.14, 0.14), "y": (-0.16, 0.0), "size": (0.46, 0.60), "tilt": (-0.07, 0.07),
    "tall": (1.15, 1.42), "jaw": (0.0, 0.28), "shading": (0.0, 0.35), "blush": (0.0, 0.35), "outline": (0.0, 0.7),
    "eye_x": (0.34, 0.44), "eye_y": (-0.10, 0.05), "eye_w": (0.13, 0.20), "eye_h": (0.55, 0.95), "iris": (0.5, 0.72),
    "gaze": (-0.12, 0.12),
    "brow_y": (0.20, 0.30), "brow_h": (0.018, 0.05), "brow_tilt": (-0.14, 0.10), "brow_arch": (0.0, 0.5),
    "nose_y": (0.25, 0.38), "nose_w": (0.07, 0.14), "nose_style": (0.0, 1.0),
    "mouth_y": (0.56, 0.70), "mouth_w": (0.32, 0.44), "lip": (0.02, 0.06), "smile": (0.0, 0.12),
    "hairline": (-0.78, -0.48), "parting": (-0.5, 0.5), "hair_size": (1.06, 1.22), "hair_length": (0.2, 1.7),
    "hair_shine": (0.0, 0.3), "ear": (0.10, 0.17), "ear_y": (-0.05, 0.2), "neck": (0.38, 0.55),
    "shoulder_w": (1.5, 2.4), "shoulder_y": (1.45, 1.8), "lapel": (0.15, 0.6),
    "glasses_r": (0.22, 0.30), "glasses_line": (0.02, 0.05), "beard_top": (0.25, 0.5), "pattern_scale": (3.0, 12.0),
    "pattern_angle": (0.0, 3.14), "pattern_depth": (0.0, 0.8),
}  # fmt: skip
# How often a person has it.
CHANCES = {
    "bald": 0.08, "long_hair": 0.4, "bun": 0.12, "fringe": 0.3, "beard": 0.22, "moustache": 0.18, "glasses": 0.3,
    "earrings": 0.15, "tie": 0.25, "lipstick": 0.35, "sunny": 0.3,
}  # fmt: skip
SKINS = (
    (1.0, 0.87, 0.77),
    (0.96, 0.78, 0.64),
    (0.9, 0.68, 0.5),
    (0.76, 0.53, 0.36),
    (0.56, 0.37, 0.24),
    (0.38, 0.24, 0.16),
)
HAIRS = ((0.1, 0.08, 0.08), (0.24, 0.15, 0.1), (0.42, 0.26, 0.14), (0.62, 0.4, 0.18), (0.88, 0.74, 0.42),
         (0.72, 0.72, 0.74), (0.92, 0.92, 0.94), (0.6, 0.18, 0.1))  # fmt: skip
LIPS = ((0.8, 0.45, 0.42), (0.72, 0.2, 0.24), (0.86, 0.36, 0.44), (0.6, 0.33, 0.28))
# The backgrounds that a prompt can name.
BACKGROUNDS = {
    "red": (0.8, 0.15, 0.15), "green": (0.2, 0.62, 0.28), "blue": (0.18, 0.35, 0.8), "yellow": (0.95, 0.84, 0.25),
    "orange": (0.95, 0.55, 0.15), "purple": (0.5, 0.25, 0.65), "pink": (0.95, 0.6, 0.75), "white": (0.96, 0.96, 0.96),
    "grey": (0.5, 0.5, 0.52), "black": (0.07, 0.07, 0.08),
}  # fmt: skip
PATTERNS = 6  # plain, gradient, stripes, rings, checks, spots of light


def near_one_of(palette, count, spread, generator):
    """Mixtures of two neighbours in colour, [count, 3]."""
    colours = constant(palette, generator.device)
    pick = torch.randint(len(palette), (2, count), generator=generator, device=generator.device)
    share = torch.rand(count, 1, generator=generator, device=generator.device) * 0.3
    mixed = torch.lerp(colours[pick[0]], colours[pick[1]], share)
    noise = torch.randn(count, 3, generator=generator, device=generator.device) * spread
    return (mixed + noise).clamp(0.02, 0.98)


def any_colour(count, generator):
    colour = torch.rand(count, 3, generator=generator, device=generator.device)
    grey = colour.mean(1, keepdim=True)
    share = torch.rand(count, 1, generator=generator, device=generator.device) * 0.8
    return torch.lerp(colour, grey, share) * 0.95 + 0.02


def people(count, generator):
    """{name: [count] or, for colours, [count, 3]}, on the generator's device."""
    device = generator.device
    look = {}
    for name, (low, high) in RANGES.items():
        look[name] = low + (high - low) * torch.rand(count, generator=generator, device=device)
    for name, chance in CHANCES.items():
        look[name] = (torch.rand(count, generator=generator, device=device) < chance).float()
    look["beard"] = look["beard"] * (1 - look["long_hair"])
    look["lipstick"] = look["lipstick"] * (1 - has_hair_at_the_mouth(look))
    look["pattern"] = torch.randint(PATTERNS, (count,), generator=generator, device=device).float()
    look["skin"] = near_one_of(SKINS, count, 0.015, generator)
    look["hair"] = near_one_of(HAIRS, count, 0.02, generator)
    wild = (torch.rand(count, 1, generator=generator, device=device) < 0.06).float()
    look["hair"] = torch.lerp(look["hair"], any_colour(count, generator), wild)
    lips = near_one_of(LIPS, count, 0.03, generator)
    natural = look["skin"] * constant((0.85, 0.6, 0.6), device)
    look["lips"] = torch.lerp(natural, lips, 0.3 + 0.7 * look["lipstick"][:, None])
    for name in ("eyes", "shirt", "jacket", "tie_colour", "frame"):
        look[name] = any_colour(count, generator)
    look["eyes"] = look["eyes"] * 0.55
    look["frame"] = look["frame"] * 0.4
    look["background"] = any_colour(count, generator)
    look["background2"] = any_colour(count, generator)
    look["bun"] = look["bun"] * (1 - look["long_hair"]) * (1 - look["bald"])
    return look


def has_hair_at_the_mouth(look):
    """[count]: 1 with a beard or a moustache, else 0."""
    return torch.maximum(look["beard"], look["moustache"])


def with_named_background(look, colour_index):
    """`colour_index` [count]: into BACKGROUNDS, -1 where the prompt names none."""
    named = constant(tuple(BACKGROUNDS.values()), colour_index.device)
    is_named = (colour_index >= 0).float()
    colour = named[colour_index.clamp_min(0)]
    changed = dict(look)
    for name, shade in (("background", 1.0), ("background2", 0.86)):
        changed[name] = torch.lerp(look[name], colour * shade, is_named[:, None])
    # A named background is plain or a gradient: a wall of that colour.
    changed["pattern"] = torch.where(colour_index >= 0, torch.ones_like(look["pattern"]), look["pattern"])
    return changed


def repeated(look, times):
    """Every person `times` times in a row: for the frames of a clip."""
    return {name: value.repeat_interleave(times, 0) for name, value in look.items()}


def chosen(look, index):
    return {name: value[index] for name, value in look.items()}
