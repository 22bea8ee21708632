"""What of a picture is to be learned."""

import torch

from .look import has_hair_at_the_mouth

MOUTH_WEIGHT, EYES_WEIGHT = 20.0, 4.0
USUAL_CONTRAST = 0.5  # between a mouth's inside and what is around it
FAINTEST, STRONGEST = 0.7, 3.0
INSIDE = 0.25  # of the lips' colour
HAIR_HIDES = 0.25  # a beard or a moustache makes a mouth as hard to see as so much less contrast


def weights_of(look, side):
    """The mouth is a fiftieth of the picture and nearly all of what is to be learned: it weighs as much as
    the rest, and more where it is hard to see. [B, side, side], 1 on the average of those that are seen well."""
    line = (torch.arange(side, device=look["x"].device) + 0.5) * (2 / side) - 1

    def near(height, reach):
        x = (line.view(1, 1, -1) - look["x"].view(-1, 1, 1)) / (reach * look["size"]).view(-1, 1, 1)
        y = (line.view(1, -1, 1) - (look["y"] + height * look["size"]).view(-1, 1, 1)) / (
            0.35 * look["size"]
        ).view(-1, 1, 1)
        return torch.exp(-(x**2) - y**2)

    eyes = EYES_WEIGHT * near(look["eye_y"], 0.6)
    mouth = MOUTH_WEIGHT * near(look["mouth_y"] + 0.12, 0.45)
    usual = (1 + mouth + eyes).mean((1, 2), keepdim=True)
    return (1 + mouth * faintness(look).view(-1, 1, 1) + eyes) / usual


def faintness(look):
    """Of a mouth, [B]: 1 where it is seen as well as most. Dark lips on dark skin change few of the numbers that the
    loss is made of."""
    return (USUAL_CONTRAST / contrast(look).clamp_min(1e-3)).clamp(FAINTEST, STRONGEST)


def hardest_of(look, count):
    """Indices of `count` people whose mouths are the faintest, or hidden in hair."""
    return (contrast(look) - HAIR_HIDES * has_hair_at_the_mouth(look)).argsort()[:count]


def contrast(look):
    """Between a mouth's inside and what is around it, [B], of colours in [0, 1]."""
    around = torch.lerp(look["skin"], look["hair"], look["beard"][:, None])
    return (around - INSIDE * look["lips"]).abs().mean(1)
