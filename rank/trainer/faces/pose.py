"""How a person moves while speaking: all of it follows from the speech, so that it can be learned."""

import torch
from torch.nn import functional as F

from ..constants import constant
from ..speech.mouth import BLINK, CHANNELS, OPENING, RATE_HZ, REST, TEETH, WIDTH

FPS = 25
SLOW_s, FAST_s = 0.45, 0.12
REACH_frames = 60
POSE = ("opening", "width", "teeth", "blink", "nod", "brow")


def at_fps(track_BTC):
    """The mouth's track at RATE_HZ -> one row a frame, at the middle of the frame."""
    frames = track_BTC.shape[1] * FPS // RATE_HZ
    place = ((torch.arange(frames, device=track_BTC.device) + 0.5) * RATE_HZ / FPS).long()
    return track_BTC[:, place.clamp_max(track_BTC.shape[1] - 1)]


def trailing_mean(x_BF, seconds):
    """Exponentially weighted mean of the frames up to each; zeros before the first."""
    place = torch.arange(REACH_frames, device=x_BF.device)
    kernel = torch.exp(-place / (seconds * FPS)).flip(0)
    padded = F.pad(x_BF.unsqueeze(1), (REACH_frames - 1, 0))
    return F.conv1d(padded, (kernel / kernel.sum()).view(1, 1, -1)).squeeze(1)


def poses(mouth_BFC):
    """[B, F, 4] mouth and blink -> {name of POSE: [B, F]}."""
    opening = mouth_BFC[..., OPENING]
    slow, fast = trailing_mean(opening, SLOW_s), trailing_mean(opening, FAST_s)
    return {
        "opening": opening,
        "width": mouth_BFC[..., WIDTH],
        "teeth": mouth_BFC[..., TEETH],
        "blink": mouth_BFC[..., BLINK],
        "nod": slow,
        "brow": (fast - slow).clamp(-0.2, 0.4),
    }


def rest_mouth(batch, frames, device):
    rest = torch.zeros(batch, frames, CHANNELS, device=device)
    rest[..., :3] = constant(REST, device)
    return rest


def stacked(pose):
    """[B, F, P], in the order of POSE."""
    return torch.stack([pose[name] for name in POSE], -1)


def named(pose_BFP):
    return dict(zip(POSE, pose_BFP.float().unbind(-1)))


def flat(pose):
    """[B F] each, to draw."""
    return {name: value.flatten() for name, value in pose.items()}
