"""Numbers that lie on a device."""

import functools

import torch


@functools.lru_cache(maxsize=None)
def constant(values, device):
    """Copied to the device once: a copy in every step would wait for all that the device has to do, and steps that are
    recorded must not copy."""
    return torch.tensor(values, device=device)
