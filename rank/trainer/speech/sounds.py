"""Recordings on the device that trains."""

import numpy as np
import torch

from .mouth import OPENING, RATE_HZ
from .recordings import MU, SAMPLE_RATE_HZ

HOP, FIELD_CENTRE = 320, 200  # samples between features, and from a feature's first sample to its middle


class Sounds:
    def __init__(self, path, device):
        with np.load(path) as stored:
            self.bytes_RS = torch.from_numpy(stored["sounds"]).to(device)
            self.tracks_RTC = torch.from_numpy(stored["tracks"]).to(device).float() / 255

    def __len__(self):
        return len(self.bytes_RS)

    def samples(self, rows, begin=None, count=None):
        """[B, S] of recordings `rows`; a part of `count` samples from `begin` [B] on."""
        coded = self.bytes_RS[rows]
        if begin is not None:
            place = begin[:, None] + torch.arange(count, device=begin.device)
            coded = torch.gather(coded, 1, place)
        curve = coded.float() / 127.5 - 1
        return torch.sign(curve) * (torch.expm1(curve.abs() * float(np.log1p(MU)))) / MU


def normalised(samples_BS):
    wide = samples_BS - samples_BS.mean(1, keepdim=True)
    return wide / (wide.square().mean(1, keepdim=True) + 1e-7).sqrt()


def targets_at_50fps(tracks_BTC, features):
    """What the audio encoder learns to tell: mouth, blink and how open the mouth was of late."""
    place = (torch.arange(features, device=tracks_BTC.device) * HOP + FIELD_CENTRE) * RATE_HZ / SAMPLE_RATE_HZ
    picked = tracks_BTC[:, place.round().long().clamp_max(tracks_BTC.shape[1] - 1)]
    slow = recent(tracks_BTC[..., OPENING], 0.45)[:, place.long().clamp_max(tracks_BTC.shape[1] - 1)]
    return torch.cat([picked, slow.unsqueeze(-1)], -1)


def recent(track_BT, seconds):
    reach = int(4 * seconds * RATE_HZ)
    kernel = torch.exp(-torch.arange(reach, device=track_BT.device) / (seconds * RATE_HZ)).flip(0)
    padded = torch.nn.functional.pad(track_BT.unsqueeze(1), (reach - 1, 0))
    return torch.nn.functional.conv1d(padded, (kernel / kernel.sum()).view(1, 1, -1)).squeeze(1)


def correlation(a, b):
    a, b = a.flatten() - a.mean(), b.flatten() - b.mean()
    return (a @ b / (a.norm() * b.norm() + 1e-9)).item()
