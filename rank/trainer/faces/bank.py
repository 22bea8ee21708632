"""Many frames drawn ahead and kept as bytes on the device: drawing is then no part of a step."""

import torch

from . import look as looks
from .draw import draw
from .pose import POSE, at_fps, flat, poses

PART = 200  # frames drawn at a time


def drawn(look, pose, side):
    """[N, 3, side, side] bytes."""
    count = len(look["x"])
    out = torch.empty(count, 3, side, side, dtype=torch.uint8, device=look["x"].device)
    for begin in range(0, count, PART):
        part = slice(begin, begin + PART)
        image = draw(looks.chosen(look, part), looks.chosen(pose, part), side)
        out[part] = ((image + 1) * 127.5).round().byte()
    return out


def as_floats(images):
    return images.float() / 127.5 - 1


def random_pose(count, generator):
    """Any mouth at all, closed ones often."""
    device = generator.device
    pose = {name: torch.rand(count, generator=generator, device=device) for name in POSE}
    closed = torch.rand(count, generator=generator, device=device) < 0.35
    pose["opening"] = torch.where(closed, pose["opening"] * 0.05, pose["opening"])
    pose["blink"] = (pose["blink"] < 0.1).float()
    pose["nod"] = pose["nod"] * 0.6
    pose["brow"] = pose["brow"] * 0.6 - 0.2
    return pose


def images(count, side, generator):
    look = looks.people(count, generator)
    resized = torch.rand(count, generator=generator, device=generator.device)
    look["size"] = look["size"] * torch.where(resized < 0.25, 0.75 + 2 * resized, torch.ones_like(resized))
    return drawn(look, random_pose(count, generator), side)


def spoken_pose(sounds, rows, first_frame, frames):
    """Poses of `frames` frames of recordings `rows` from `first_frame` [B] on: {name: [B, frames]}."""
    whole = poses(at_fps(sounds.tracks_RTC[rows]))
    place = first_frame[:, None] + torch.arange(frames, device=first_frame.device)
    return {name: torch.gather(value, 1, place) for name, value in whole.items()}


def clips_of(look, frames, side, sounds, generator):
    """[count, frames, 3, side, side] bytes of these people, who speak."""
    count, device = len(look["x"]), generator.device
    rows = torch.randint(len(sounds), (count,), generator=generator, device=device)
    first = torch.randint(300 - frames, (count,), generator=generator, device=device)
    pose = flat(spoken_pose(sounds, rows, first, frames))
    return drawn(looks.repeated(look, frames), pose, side).unflatten(0, (count, frames))


def clips(count, frames, side, sounds, generator):
    """[count, frames, 3, side, side] bytes of people who speak."""
    return clips_of(looks.people(count, generator), frames, side, sounds, generator)
