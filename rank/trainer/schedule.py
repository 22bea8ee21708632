"""The noise levels of inference (rank/engine/sampling/flow_schedule) and the pace of training."""

import math
import time

import torch

SHIFT, STEPS, TIMESTEPS = 3.0, 4, 1000


def shifted(sigma):
    return SHIFT * sigma / (1 + (SHIFT - 1) * sigma)


def noise_levels():
    """1, 0.8577, 0.6022, 0.0089, 0: spread between ends that are shifted already, then shifted."""
    lowest = shifted(1 / TIMESTEPS)
    levels = [shifted(1 + step * (lowest - 1) / (STEPS - 1)) for step in range(STEPS)]
    return torch.tensor(levels + [0.0])


class Pace:
    """How far a stage is, measured by the clock: a stage takes the minutes it was given."""

    def __init__(self, minutes, spent_s=0.0):
        self.limit_s = minutes * 60
        self.begin_s = time.monotonic() - spent_s
        self.steps = 0

    @property
    def spent_s(self):
        return time.monotonic() - self.begin_s

    @property
    def share(self):
        return min(1.0, self.spent_s / self.limit_s)

    def is_over(self):
        return self.spent_s >= self.limit_s

    def rate(self, highest, lowest_share=0.02, warm_steps=200):
        """The learning rate: a short rise, then a cosine."""
        self.steps += 1
        cosine = 0.5 * (1 + math.cos(math.pi * self.share))
        return highest * min(1.0, self.steps / warm_steps) * (lowest_share + (1 - lowest_share) * cosine)


class Every:
    """Due again whenever so much of the pace's time has passed."""

    def __init__(self, pace, seconds):
        self.pace, self.seconds = pace, seconds
        self.last_s = pace.spent_s

    def is_due(self):
        if self.pace.spent_s - self.last_s < self.seconds:
            return False
        self.last_s = self.pace.spent_s
        return True


def set_rate(optimizer, rate):
    for group in optimizer.param_groups:
        group["lr"].fill_(rate)


def adam(parameters, device, betas=(0.9, 0.99)):
    """Its rate is a tensor: steps may be recorded."""
    on_gpu = device == "cuda"
    return torch.optim.Adam(
        parameters, lr=torch.zeros((), device=device), betas=betas, fused=on_gpu, capturable=on_gpu
    )
