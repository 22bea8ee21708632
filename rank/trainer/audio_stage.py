"""Teaches the audio encoder to tell what the mouth does: its features then hold what the film needs."""

import torch
from torch import nn
from torch.nn import functional as F

from . import sizes, stage_files
from .models.wav2vec2 import Wav2Vec2
from .schedule import Pace, adam, set_rate
from .speech.mouth import RATE_HZ
from .speech.recordings import SAMPLE_RATE_HZ, SECONDS
from .speech.sounds import Sounds, correlation, normalised, targets_at_50fps

BATCH, PART_s, TARGETS = 32, 6, 5
SLOWEST, FASTEST = 0.85, 1.2
HIGHEST_RATE = 1.2e-3
GOING_ON = 0.4  # of the rate, for an encoder that others hear through already
WEIGHTS = (2.0, 1.0, 0.7, 0.5, 1.0)  # of the targets


class MouthTeller(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = Wav2Vec2(sizes.SPEECH)
        self.head = nn.Linear(sizes.SPEECH.width, TARGETS)

    def forward(self, samples_BS):
        return self.head(self.encoder(normalised(samples_BS))[:, -1])


def part_of(sounds, device):
    """A batch of parts of recordings and what is to be told of them. Played slower or faster, through
    other rooms and with noise, few voices stand for many."""
    rows = torch.randint(len(sounds), (BATCH, 1), device=device)
    speed = SLOWEST + (FASTEST - SLOWEST) * torch.rand(BATCH, 1, device=device)
    begin_s = torch.rand(BATCH, 1, device=device) * (SECONDS - FASTEST * PART_s - 0.1)
    time_s = begin_s + speed * torch.arange(PART_s * SAMPLE_RATE_HZ, device=device) / SAMPLE_RATE_HZ
    samples = coloured(between(sounds.samples(rows.squeeze(1)), time_s * SAMPLE_RATE_HZ))
    noise = torch.randn_like(samples) * 10 ** (-torch.rand(BATCH, 1, device=device) * 2 - 1.3)
    samples = samples + noise * samples.std(1, keepdim=True)
    place = (begin_s + speed * torch.arange(PART_s * RATE_HZ, device=device) / RATE_HZ) * RATE_HZ
    return samples, sounds.tracks_RTC[rows, place.round().long()]


def between(samples_BS, place_BP):
    """Samples at fractional places."""
    low = place_BP.floor().long()
    first, second = torch.gather(samples_BS, 1, low), torch.gather(samples_BS, 1, low + 1)
    return first + (second - first) * (place_BP - low)


def coloured(samples_BS):
    """Some frequencies louder, others weaker, by up to 10 dB."""
    spectrum = torch.fft.rfft(samples_BS)
    decibels = 20 * torch.rand(len(samples_BS), 1, 9, device=samples_BS.device) - 10
    gain = F.interpolate(decibels, size=spectrum.shape[1], mode="linear", align_corners=True).squeeze(1)
    return torch.fft.irfft(spectrum * 10 ** (gain / 20), n=samples_BS.shape[1])


def run(folder, data, minutes, device):
    sounds, unseen = Sounds(data / "speech.npz", device), Sounds(data / "unseen.npz", device)
    model = MouthTeller().to(device)
    optimizer = adam(model.parameters(), device)
    state = stage_files.load(folder, "audio", device)
    rate = HIGHEST_RATE * (GOING_ON if state else 1.0)
    if state:
        stage_files.fill(model, state["model"], heads="head.")
    weights = torch.tensor(WEIGHTS, device=device)
    pace = Pace(minutes)
    while not pace.is_over():
        set_rate(optimizer, pace.rate(rate))
        samples, tracks = part_of(sounds, device)
        with torch.autocast(device, torch.bfloat16, enabled=device == "cuda"):
            told = model(samples).float()
        wanted = targets_at_50fps(tracks, told.shape[1])
        # The first second's trailing mean misses what came before the part.
        loss = ((told - wanted)[:, 50:].square() * weights).mean() + 0.3 * (
            (told - wanted)[:, 50:].abs() * weights
        ).mean()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        if pace.steps % 500 == 0:
            print(
                f"audio {pace.spent_s:.0f} s, step {pace.steps}: loss {loss.item():.4f}, {told_well(model, unseen)}",
                flush=True,
            )
    print(f"audio: {pace.steps} steps; unseen voices: {told_well(model, unseen)}", flush=True)
    stage_files.save(folder, "audio", {"model": model.state_dict()})


@torch.no_grad()
def told_well(model, sounds):
    told = model(sounds.samples(slice(None))).clamp(0, 1)
    wanted = targets_at_50fps(sounds.tracks_RTC, told.shape[1])
    names = ("opening", "width", "teeth", "blink", "recent")
    return ", ".join(
        f"{name} {correlation(told[..., i], wanted[..., i]):.3f}" for i, name in enumerate(names)
    )
