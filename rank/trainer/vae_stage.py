"""Trains the VAE: images first, then clips, then long clips."""

import torch
from torch.nn import functional as F

from . import sizes, stage_files
from .faces import bank
from .faces.sheet import contact_sheet
from .models.vae import CausalConv, Vae
from .schedule import Pace, adam, set_rate
from .speech.sounds import Sounds

HIGHEST_RATE = 2e-3
KL_WEIGHT = 1e-4
# Until this share of the time: frames of a clip, clips of a batch.
PHASES = ((0.60, 1, 160), (0.85, 13, 16), (1.01, 33, 8))
BANK_IMAGES, BANK_CLIPS, BANK_FRAMES = 40000, 1600, 33
STATISTICS_CLIPS = 256


def start_as_images(vae):
    """Every convolution looks at its own frame only; time is learned when clips come."""
    for module in vae.modules():
        if isinstance(module, CausalConv) and module.weight.shape[2] == 3:
            with torch.no_grad():
                latest = module.weight[:, :, -1] * 3**0.5
                module.weight.zero_()
                module.weight[:, :, -1] = latest
                if module.weight.shape[3] == 1:  # between frame rates: pass what is there
                    outputs, inputs = module.weight.shape[:2]
                    same = torch.eye(inputs, device=latest.device).repeat(outputs // inputs, 1)
                    module.weight[:, :, -1] = same[:, :, None, None] * 0.7
                    module.weight[:, :, -2] = same[:, :, None, None] * (0.3 if outputs == inputs else 0.0)


def slopes(x):
    return x[..., 1:] - x[..., :-1], x[..., 1:, :] - x[..., :-1, :]


def picture_loss(made_NCHW, wanted_NCHW):
    """Absolute difference of the picture, of its slopes, and of it made smaller."""
    loss = (made_NCHW - wanted_NCHW).abs().mean() + 0.5 * (made_NCHW - wanted_NCHW).square().mean()
    for made, wanted in zip(slopes(made_NCHW), slopes(wanted_NCHW)):
        loss = loss + 0.5 * (made - wanted).abs().mean()
    small = F.avg_pool2d(made_NCHW - wanted_NCHW, 4)
    return loss + 0.5 * small.abs().mean()


def train_step(vae, optimizer, video_BCTHW, device):
    with torch.autocast(device, torch.bfloat16, enabled=device == "cuda"):
        mean, log_variance = vae.moments(video_BCTHW)
        log_variance = log_variance.float().clamp(-12, 4)
        mean = mean.float()
        latent = mean + torch.randn_like(mean) * (0.5 * log_variance).exp()
        made = vae.decode_raw(latent).float()
    kl = 0.5 * (mean.square() + log_variance.exp() - log_variance - 1).mean()
    flat = lambda x: x.transpose(1, 2).flatten(0, 1)
    loss = picture_loss(flat(made), flat(video_BCTHW)) + KL_WEIGHT * kl
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    norm = torch.nn.utils.clip_grad_norm_(vae.parameters(), 1.0)
    if torch.isfinite(norm):
        optimizer.step()
    return loss.detach(), kl.detach()


def phase_at(share):
    return next(phase for phase in PHASES if share < phase[0])


class Batches:
    """Frames from the bank, drawn once at the start and again in part as time goes by."""

    def __init__(self, sounds, device):
        self.generator = torch.Generator(device).manual_seed(11)
        self.sounds, self.device = sounds, device
        scale = 1 if device == "cuda" else 0.005
        self.images = bank.images(int(BANK_IMAGES * scale), sizes.FRAME_SIDE, self.generator)
        self.clips = None
        self.clip_count = int(BANK_CLIPS * scale)

    def of(self, frames, count):
        """[B, 3, frames, side, side] in [-1, 1]."""
        if frames == 1:
            pick = torch.randint(len(self.images), (count,), device=self.device)
            return bank.as_floats(self.images[pick]).unsqueeze(2)
        if self.clips is None:
            self.images = None
            self.clips = bank.clips(
                self.clip_count, BANK_FRAMES, sizes.FRAME_SIDE, self.sounds, self.generator
            )
        pick = torch.randint(len(self.clips), (count,), device=self.device)
        begin = torch.randint(BANK_FRAMES - frames + 1, (1,)).item()
        return bank.as_floats(self.clips[pick][:, begin : begin + frames]).transpose(1, 2)


def run(folder, data, minutes, device):
    torch.manual_seed(1)
    sounds, unseen = Sounds(data / "speech.npz", device), Sounds(data / "unseen.npz", device)
    vae = Vae(sizes.VAE).to(device)
    start_as_images(vae)
    state = stage_files.load(folder, "vae", device)
    spent_s = 0.0
    if state:
        vae.load_state_dict(state["model"])
        spent_s = state.get("spent_s", 0.0)
    torch.backends.cudnn.benchmark = True
    optimizer = adam(vae.parameters(), device)
    if state and "optimizer" in state and spent_s > 0:
        optimizer.load_state_dict(state["optimizer"])
    pace = Pace(minutes, spent_s)
    batches = Batches(sounds, device)
    print(f"vae: bank drawn at {pace.spent_s:.0f} s", flush=True)
    told_s = saved_s = pace.spent_s
    while not pace.is_over():
        _, frames, count = phase_at(pace.share)
        set_rate(optimizer, pace.rate(HIGHEST_RATE))
        loss, kl = train_step(vae, optimizer, batches.of(frames, count), device)
        if pace.spent_s - told_s > 20:
            told_s = pace.spent_s
            print(
                f"vae {told_s:.0f} s, step {pace.steps}, {frames} frames: loss {loss.item():.4f}, kl {kl.item():.2f}, {quality(vae, unseen, device)}",
                flush=True,
            )
        if pace.spent_s - saved_s > 60:
            saved_s = pace.spent_s
            stage_files.save(
                folder,
                "vae",
                {"model": vae.state_dict(), "optimizer": optimizer.state_dict(), "spent_s": saved_s},
            )
    finish(folder, vae, sounds, unseen, device)


def finish(folder, vae, sounds, unseen, device):
    generator = torch.Generator(device).manual_seed(5)
    mean, std = statistics(vae, sounds, generator, device)
    vae.mean.copy_(mean)
    vae.std.copy_(std)
    print(
        f"vae: done; unseen faces: {quality(vae, unseen, device, frames=97)}; latent std {std.tolist()}",
        flush=True,
    )
    stage_files.save(folder, "vae", {"model": vae.state_dict(), "mean": mean, "std": std})
    sheet(folder, vae, unseen, device)


@torch.no_grad()
def statistics(vae, sounds, generator, device):
    """Mean and deviation of each latent channel, past the first frames of a clip."""
    total, squares, count = 0.0, 0.0, 0
    for _ in range(STATISTICS_CLIPS // 16 if device == "cuda" else 1):
        video = bank.as_floats(bank.clips(16, 33, sizes.FRAME_SIDE, sounds, generator)).transpose(1, 2)
        latent = vae.moments(video)[0].float()[:, :, 2:]
        total = total + latent.sum((0, 2, 3, 4)).double()
        squares = squares + latent.square().sum((0, 2, 3, 4)).double()
        count += latent[:, 0].numel()
    mean = total / count
    return mean.float(), (squares / count - mean**2).sqrt().float()


def psnr(made, wanted):
    """Of pictures in [-1, 1]."""
    return -10 * torch.log10(((made.clamp(-1, 1) - wanted) / 2).square().mean()).item()


@torch.no_grad()
def reconstructed(vae, unseen, device, frames, people=6):
    generator = torch.Generator(device).manual_seed(99)
    video = bank.as_floats(bank.clips(people, frames, sizes.FRAME_SIDE, unseen, generator)).transpose(1, 2)
    return video, vae.decode_raw(vae.moments(video)[0].float()).float()


def quality(vae, unseen, device, frames=17):
    video, made = reconstructed(vae, unseen, device, frames)
    return f"PSNR of images {psnr(*reconstructed(vae, unseen, device, 1, 64)[::-1]):.2f} dB, clips {psnr(made, video):.2f} dB, their end {psnr(made[:, :, -8:], video[:, :, -8:]):.2f} dB"


def sheet(folder, vae, unseen, device):
    """Drawn above, decoded below, three people at four moments."""
    video, made = reconstructed(vae, unseen, device, 33, 6)
    rows = []
    for person in range(0, 6, 2):
        for source in (video, made):
            for who in (person, person + 1):
                rows.append(source[who, :, (4, 12, 20, 30)].transpose(0, 1))
    contact_sheet(folder / "vae.png", torch.cat(rows), 8)
