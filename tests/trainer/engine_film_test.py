"""A film that the engine made, made again by the trainer's models from the same noise.

    longtake run JOB.yaml --model configs/models/tiny --work-dir WORK     # one chained job of at most 8 clips
    PYTHONPATH=rank python3 tests/trainer/engine_film_test.py CHECKPOINT WORK/jobs/NAME "its prompt" [SEED]

Compares the anchor and the latents of the last clip after every step, which the engine's carry holds.
"""

import pathlib
import subprocess
import sys

import numpy as np
import torch
from safetensors import safe_open

from trainer.checkpoint import Checkpoint
from trainer.models.wav2vec2 import at_25fps
from trainer.schedule import noise_levels
from trainer.speech.sounds import normalised

LIMIT = 1e-3  # relative error, as for the published rollout
CLIP_BLOCKS, MASK = 4, (1 << 64) - 1


def mixed(value):
    """splitmix64, as rank/engine/sampling/determinism.cpp."""
    value = (value + 0x9E3779B97F4A7C15) & MASK
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & MASK
    return value ^ (value >> 31)


def sink_distance(seed, block, step):
    return 4 + mixed(mixed(mixed(seed & MASK) ^ (block & MASK)) ^ step) % 27


def noise(seed, clip):
    return torch.randn(1, 16, 12, 16, 16, generator=torch.Generator().manual_seed(seed + clip))


def picture(path):
    raw = subprocess.run(
        ["ffmpeg", "-v", "error", "-i", path, "-f", "rawvideo", "-pix_fmt", "rgb24", "-"],
        capture_output=True,
        check=True,
    ).stdout
    side = int((len(raw) / 3) ** 0.5)
    return (
        torch.frombuffer(bytearray(raw), dtype=torch.uint8).view(side, side, 3).permute(2, 0, 1).float()
        / 127.5
        - 1
    )


class Rollout:
    def __init__(self, checkpoint, job, prompt, seed):
        self.model, self.seed, self.sigmas = checkpoint.transformer, seed, noise_levels()
        ids, mask = checkpoint.tokens.of([prompt], "cpu")
        self.text = self.model.words(checkpoint.text(ids, mask))
        still = picture(job / "reference.png")[None, :, None].expand(-1, -1, 1 + 4 * 91, -1, -1)
        latent = checkpoint.vae.encode(still[:, :, : 1 + 4 * 40])  # at rest long before the 92nd
        self.reference, self.motion = latent[:, :, 1:2], latent[:, :, -19:]
        samples = torch.from_numpy(np.fromfile(job / "speech.f32", np.float32))[None]
        self.clips = -(-samples.shape[1] // (640 * 48))
        self.features = at_25fps(checkpoint.speech(normalised(samples)), 48 * self.clips)

    def run(self, latent, sink, features, first_block):
        """All levels; returns the latents that leave each."""
        audio = self.model.casual_audio_encoder.blocks(features)
        left = []
        for step in range(4):
            blocks = range(first_block, first_block + latent.shape[2] // 3)
            distance = torch.tensor([[sink_distance(self.seed, block, step) for block in blocks]])
            timestep = (self.sigmas[step] * 1000)[None]
            velocity = self.model.velocity(
                latent, timestep, sink, self.text, audio, torch.zeros(1).long(), distance
            )
            latent = latent + (self.sigmas[step + 1] - self.sigmas[step]) * velocity
            left.append(latent)
        return left

    def anchor(self):
        sink = self.model.make_sink(self.reference, self.motion, self.text)
        return self.run(noise(self.seed, 0)[:, :, :3], sink, self.features[..., :12], 0)[-1][:, :, :1]

    def film(self, anchor):
        sink = self.model.make_sink(anchor, self.motion, self.text)
        start = torch.cat([noise(self.seed, clip) for clip in range(-1, self.clips)], 2)
        heard = torch.cat([torch.zeros_like(self.features[..., :48]), self.features], 3)
        return self.run(start, sink, heard, -CLIP_BLOCKS)


def relative_error(made, expected):
    return ((made - expected).norm() / expected.norm()).item()


@torch.no_grad()
def main():
    folder, job, prompt = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), sys.argv[3]
    rollout = Rollout(Checkpoint(folder), job, prompt, int(sys.argv[4]) if len(sys.argv) > 4 else 420)
    carry = sorted((job / "segments").glob("*.carry.safetensors"))[-1]
    with safe_open(carry, "pt") as stored:
        anchor, left = stored.get_tensor("anchor"), [stored.get_tensor(f"left_step.{s}") for s in range(4)]
    errors = [relative_error(rollout.anchor()[0], anchor)]
    for made, expected in zip(rollout.film(anchor[None]), left):
        errors.append(relative_error(made[0, :, -12:], expected[:, -12:]))
    print(
        "relative errors of the anchor and of the last clip after each step: "
        + ", ".join(f"{e:.1e}" for e in errors)
    )
    if not all(error < LIMIT for error in errors):
        raise SystemExit("the engine and the trainer disagree")


main()
