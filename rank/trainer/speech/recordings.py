"""Recordings of one length in one small file: 8-bit mu-law at 16 kHz with the mouth's track at 100 Hz."""

import multiprocessing
import random

import numpy as np

from .mouth import RATE_HZ, track_of
from .texts import sentence

SAMPLE_RATE_HZ = 16000
SECONDS = 12
ACCENTS = "en-us en en-gb-scotland en-gb-x-rp en-029 en-us-nyc en-gb-x-gbclan en-gb-x-gbcwmd".split()
VARIANTS = """f1 f2 f3 f4 m1 m2 m3 m4 m5 m6 m8 Alex Alicia Andrea Andy Annie antonio aunty belinda benjamin boris caleb
david Denis Diogo ed edward2 Gene Gene2 grandma grandpa gustave Henrique Hugo iven2 iven3 Jacky john kaukovalta
klatt klatt2 klatt4 Lee linda marcelo Marco Mario max Michael michel Mike norbert pablo paul pedro quincy rob
robert sandro shelby steph travis victor zac""".split()
UNSEEN_VARIANTS = "f5 m7 adam anika miguel steph2 klatt3 iven4".split()
MU = 255.0


def encoded(samples):
    """[-1, 1] -> bytes (ITU-T G.711's curve)."""
    curve = np.sign(samples) * np.log1p(MU * np.abs(samples)) / np.log1p(MU)
    return np.round((curve + 1) * 127.5).astype(np.uint8)


def resampled(samples, rate):
    """To SAMPLE_RATE_HZ; the low-pass is a windowed sinc."""
    reach = 32
    place = np.arange(-reach, reach + 1)
    cut = 0.92 * SAMPLE_RATE_HZ / rate
    kernel = cut * np.sinc(cut * place) * np.hanning(len(place) + 2)[1:-1]
    low = np.convolve(samples, kernel, "same")
    times = np.arange(int(len(samples) * SAMPLE_RATE_HZ / rate)) * rate / SAMPLE_RATE_HZ
    return np.interp(times, np.arange(len(samples)), low)


def recording(espeak, draw, variants):
    """SECONDS of one voice: samples in [-1, 1] and the mouth's track."""
    voice = f"{draw.choice(ACCENTS)}+{draw.choice(variants)}"
    speed, pitch, reach = draw.randint(110, 210), draw.randint(20, 80), draw.randint(20, 80)
    sounds, tracks, length = [], [], 0.0
    gap = draw.choice([0.0, 0.0, 0.3, 0.8])
    while length < SECONDS:
        if gap > 0:
            sounds.append(np.zeros(int(gap * SAMPLE_RATE_HZ)))
            tracks.append(track_of([], int(gap * SAMPLE_RATE_HZ), SAMPLE_RATE_HZ))
        samples, phonemes = espeak.say(sentence(draw), voice, speed, pitch, reach)
        wave = np.asarray(samples, np.float64) / 32768
        tracks.append(track_of(phonemes, len(wave), espeak.sample_rate))
        sounds.append(resampled(wave, espeak.sample_rate)[: len(tracks[-1]) * SAMPLE_RATE_HZ // RATE_HZ])
        missing = len(tracks[-1]) * SAMPLE_RATE_HZ // RATE_HZ - len(sounds[-1])
        sounds[-1] = np.pad(sounds[-1], (0, missing))
        length = sum(map(len, sounds)) / SAMPLE_RATE_HZ
        gap = draw.choice([0.0, 0.0, 0.2, 0.5, 1.2])
    samples = np.concatenate(sounds)[: SECONDS * SAMPLE_RATE_HZ]
    loudest = np.abs(samples).max() + 1e-6
    return samples / loudest * draw.uniform(0.3, 0.95), np.concatenate(tracks)[: SECONDS * RATE_HZ]


_espeak = None  # of a process that speaks


def begin_speaking():
    from .espeak import Espeak  # needs the library, which the machine that trains may lack

    global _espeak
    _espeak = Espeak()


def encoded_recording(task):
    """Bytes of the sound and of the mouth's track. `task`: (seed of all, number of this one, voices)."""
    seed, index, variants = task
    samples, track = recording(_espeak, random.Random(f"{seed}/{index}"), variants)
    return encoded(samples), np.round(track.clip(0, 1) * 255).astype(np.uint8)


def make(path, count, seed, variants):
    """Writes `count` recordings to `path` (.npz). Each is drawn from a seed of its own, on all cores."""
    tasks = [(seed, index, variants) for index in range(count)]
    with multiprocessing.get_context("fork").Pool(initializer=begin_speaking) as speakers:
        made = speakers.map(encoded_recording, tasks, chunksize=4)
    np.savez(
        path, sounds=np.stack([sounds for sounds, _ in made]), tracks=np.stack([track for _, track in made])
    )
