"""Who appears in the films: people and voices of seeds that are used for nothing else."""

import dataclasses
import random

import numpy as np
import torch

from ..faces import look as looks
from ..faces.pose import FPS, at_fps, poses
from ..speech.mouth import RATE_HZ
from ..speech.recordings import SAMPLE_RATE_HZ, SECONDS, UNSEEN_VARIANTS, recording

CROWD_SEED, VOICE_SEED = 77_001, 88_001
CLIP_FRAMES = 48
PERIOD_clips = 3  # divides 9 and 99: clips 1, 10 and 100 of the long film say the same
RANGES_RECORDINGS = 3  # long enough for two ranges of 8 clips
assert PERIOD_clips * CLIP_FRAMES <= SECONDS * FPS


@dataclasses.dataclass
class Speaker:
    """A person with a recording, and with how the person would move if drawn: {name of POSE: [F]}."""

    name: str
    look: dict
    samples: np.ndarray
    pose: dict

    @property
    def frames(self):
        return len(self.pose["opening"])


def looks_of(seed, count):
    crowd = looks.people(count, torch.Generator().manual_seed(seed))
    return [looks.chosen(crowd, slice(person, person + 1)) for person in range(count)]


def spoken(seed, recordings):
    """Samples and the mouth's track, one voice after the other."""
    from ..speech.espeak import Espeak  # needs the library, which the machine that trains may lack

    espeak, draw = Espeak(), random.Random(seed)
    parts = [recording(espeak, draw, UNSEEN_VARIANTS) for _ in range(recordings)]
    return np.concatenate([samples for samples, _ in parts]), np.concatenate([track for _, track in parts])


def speaker(name, look, samples, track):
    moved = poses(at_fps(torch.from_numpy(track.astype(np.float32))[None]))
    return Speaker(name, look, samples, {part: value[0] for part, value in moved.items()})


def short_speakers(count):
    """SECONDS each, every one with another voice."""
    return [
        speaker(f"person-{index + 1}", look, *spoken(VOICE_SEED + index, 1))
        for index, look in enumerate(looks_of(CROWD_SEED, count))
    ]


def long_speaker(name, clips):
    """A few clips of speech over and over again, so that clips a period apart should look the same."""
    samples, track = spoken(VOICE_SEED - 1, 1)
    seconds = PERIOD_clips * CLIP_FRAMES / FPS
    samples, track = samples[: round(seconds * SAMPLE_RATE_HZ)], track[: round(seconds * RATE_HZ)]
    times, frames = -(-clips // PERIOD_clips), clips * CLIP_FRAMES
    samples = np.tile(samples, times)[: frames * SAMPLE_RATE_HZ // FPS]
    track = np.tile(track, (times, 1))[: frames * RATE_HZ // FPS]
    return speaker(name, looks_of(CROWD_SEED - 1, 1)[0], samples, track)


def ranges_speaker(name):
    return speaker(name, looks_of(CROWD_SEED - 2, 1)[0], *spoken(VOICE_SEED - 2, RANGES_RECORDINGS))
