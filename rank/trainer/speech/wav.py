"""Recordings as files."""

import wave

import numpy as np

from .recordings import SAMPLE_RATE_HZ


def write_wav(path, samples):
    """16 bits, mono; `samples` in [-1, 1] at SAMPLE_RATE_HZ."""
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, SAMPLE_RATE_HZ, len(samples), "NONE", ""))
        file.writeframes((np.clip(samples, -1, 1) * 32767).round().astype("<i2").tobytes())
