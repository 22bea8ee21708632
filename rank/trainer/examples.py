"""Draws the portraits and speaks the recordings of the bundled examples that the tiny model makes films of.

Nobody of them is among what it learns from: other people, other voices, other sentences.
"""

import dataclasses
import pathlib
import subprocess
import tempfile

import numpy as np
import torch

from .faces import look as looks
from .faces import sheet
from .faces.draw import draw
from .faces.pose import flat, poses, rest_mouth
from .speech.recordings import SAMPLE_RATE_HZ, resampled
from .speech.wav import write_wav

PEOPLE_SEED, PEOPLE = 20261123, 32  # a crowd, of which some are chosen
SIDE = 512  # as large as portraits are that people bring; the engine reduces them
LOUDEST = 0.8
COVER_SIDE = 160


@dataclasses.dataclass
class Example:
    """NAME.txt is there and says what is spoken; portrait and recording are made."""

    name: str
    person: int
    portrait: str
    recording: str
    voice: str
    words_per_minute: int
    pitch: int
    pitch_range: int


EXAMPLES = (
    Example("welcome", 6, "welcome.png", "welcome.flac", "en-us+anika", 150, 50, 60),
    Example("story", 31, "story.jpg", "story.mp3", "en-gb-x-rp+m7", 155, 45, 55),
    Example("numbers", 17, "numbers.png", "numbers.wav", "en-us+f5", 140, 55, 60),
)


def ffmpeg(*words):
    subprocess.run(["ffmpeg", "-hide_banner", "-loglevel", "error", "-y", *map(str, words)], check=True)


def portrait(person):
    """[1, 3, SIDE, SIDE] of one of the crowd, at rest."""
    crowd = looks.people(PEOPLE, torch.Generator().manual_seed(PEOPLE_SEED))
    one = looks.chosen(crowd, slice(person, person + 1))
    return draw(one, flat(poses(rest_mouth(1, 1, "cpu"))), SIDE)


def write_portrait(path, person, scratch):
    drawn = scratch / "portrait.png"
    sheet.write_png(drawn, sheet.as_bytes(portrait(person))[0].permute(1, 2, 0))
    # ffmpeg's PNGs are smaller than ours.
    quality = ["-q:v", "3"] if path.suffix == ".jpg" else ["-compression_level", "9", "-pred", "mixed"]
    ffmpeg("-i", drawn, *quality, path)


def spoken(espeak, example, text):
    samples, _ = espeak.say(text, example.voice, example.words_per_minute, example.pitch, example.pitch_range)
    wave = resampled(np.asarray(samples, np.float64) / 32768, espeak.sample_rate)
    return wave * LOUDEST / np.abs(wave).max()


def write_recording(path, wav, portrait_path, scratch):
    """As recordings come: plain, lossless, or from a podcast with ID3 tags and cover art."""
    if path.suffix == ".wav":
        path.write_bytes(wav.read_bytes())
    elif path.suffix == ".flac":
        ffmpeg("-i", wav, "-compression_level", "12", "-bitexact", path)
    else:
        cover = scratch / "cover.jpg"
        ffmpeg("-i", portrait_path, "-vf", f"scale={COVER_SIDE}:-1", cover)
        ffmpeg("-i", wav, "-i", cover, "-map", "0:a", "-map", "1:v", "-c:v", "copy",
               "-disposition:v", "attached_pic", "-c:a", "libmp3lame", "-b:a", "32k", "-id3v2_version", "3",
               "-metadata", f"title={path.stem}", "-metadata", "artist=espeak-ng", path)  # fmt: skip


def make(folder):
    from .speech.espeak import Espeak  # needs the library, which the machine that trains may lack

    espeak = Espeak()
    for example in EXAMPLES:
        text = " ".join((folder / f"{example.name}.txt").read_text().split())
        with tempfile.TemporaryDirectory() as scratch:
            scratch = pathlib.Path(scratch)
            write_portrait(folder / example.portrait, example.person, scratch)
            samples = spoken(espeak, example, text)
            write_wav(scratch / "speech.wav", samples)
            write_recording(
                folder / example.recording, scratch / "speech.wav", folder / example.portrait, scratch
            )
        print(f"{example.name}: {len(samples) / SAMPLE_RATE_HZ:.1f} s")
