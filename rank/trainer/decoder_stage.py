"""Trains the VAE's decoder alone, most of all around the mouth. Latents stay what they are: a transformer that knows
them need not be trained again."""

import torch
from torch import nn

from . import sizes, stage_files
from .faces import bank
from .faces import look as looks
from .faces.weight import weights_of
from .models.vae import Vae
from .recorded import RecordedSteps
from .schedule import Every, Pace, adam, set_rate
from .speech.sounds import Sounds
from .vae_stage import quality, sheet, slopes

HIGHEST_RATE = 6e-4
CLIPS, FRAMES, BATCH = 1200, 33, 8
TELL_s = 30.0


class Clips:
    """Drawn ahead: bytes [R, T, 3, side, side] and where they matter [R, 1, 1, side, side]."""

    def __init__(self, count, sounds, generator):
        people = looks.people(count, generator)
        self.bytes = bank.clips_of(people, FRAMES, sizes.FRAME_SIDE, sounds, generator)
        self.weights = weights_of(people, sizes.FRAME_SIDE)[:, None, None].half()

    def batch(self):
        """[B, 3, T, side, side] in [-1, 1], and the weights."""
        rows = torch.randint(len(self.bytes), (BATCH,), device=self.bytes.device)
        return bank.as_floats(self.bytes[rows]).transpose(1, 2), self.weights[rows].float()


def weighted_loss(made, wanted, weights):
    """Absolute difference of the pictures, of what changes from frame to frame, and of their slopes."""
    loss = ((made - wanted).abs() * weights).mean()
    loss = loss + ((changes(made) - changes(wanted)).abs() * weights).mean()
    for of_made, of_wanted in zip(slopes(made), slopes(wanted)):
        near = weights[..., : of_made.shape[-2], : of_made.shape[-1]]
        loss = loss + 0.5 * ((of_made - of_wanted).abs() * near).mean()
    return loss


def changes(video_BCTHW):
    """A decoder that fits single frames only jumps wherever a latent frame begins."""
    return video_BCTHW[:, :, 1:] - video_BCTHW[:, :, :-1]


class Tuning:
    def __init__(self, vae, clips, device):
        self.vae, self.clips, self.device = vae, clips, device
        self.trained = list(vae.decoder.parameters()) + list(vae.conv2.parameters())
        self.optimizer = adam(self.trained, device)
        self.steps = RecordedSteps(self.step, device)

    def step(self, _):
        video, weights = self.clips.batch()
        with torch.autocast(self.device, torch.bfloat16, enabled=self.device == "cuda"):
            with torch.no_grad():
                latent = self.vae.moments(video)[0].float()
            torch.clear_autocast_cache()
            made = self.vae.decode_raw(latent).float()
        loss = weighted_loss(made, video, weights)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.trained, 1.0)
        self.optimizer.step()
        return loss.detach()


def run(folder, data, minutes, device):
    torch.manual_seed(4)
    sounds, unseen = Sounds(data / "speech.npz", device), Sounds(data / "unseen.npz", device)
    state = stage_files.needed(folder, "vae", device)
    vae = Vae(sizes.VAE).to(device)
    vae.load_state_dict(state["model"])
    pace = Pace(minutes)
    generator = torch.Generator(device).manual_seed(41)
    tuning = Tuning(vae, Clips(CLIPS if device == "cuda" else 8, sounds, generator), device)
    print(f"decoder: {quality(vae, unseen, device)}", flush=True)
    told = Every(pace, TELL_s)
    while not pace.is_over():
        set_rate(tuning.optimizer, pace.rate(HIGHEST_RATE))
        loss = tuning.steps("clip")
        if told.is_due():
            print(
                f"decoder {pace.spent_s:.0f} s, step {pace.steps}: loss {loss.item():.4f}, {quality(vae, unseen, device)}",
                flush=True,
            )
    print(f"decoder: {pace.steps} steps; {quality(vae, unseen, device, frames=97)}", flush=True)
    stage_files.save(folder, "vae", {**state, "model": vae.state_dict()})
    sheet(folder, vae, unseen, device)
