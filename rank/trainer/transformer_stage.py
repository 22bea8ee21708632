"""Trains the transformer and the text encoder by flow matching on the noise levels of inference.

First the latents that enter a level are mixed of truth and noise; then more and more often they are what the
model itself made of noise on the levels before, as in the engine's loop: a level's window holds the latents
that entered it, so running a whole film level by level is that loop (step-major order).
"""

import torch
from torch import nn

from . import sizes, stage_files
from .film_pool import BLOCKS, FilmPool
from .measure import film_report, measured_films
from .models.transformer import Transformer
from .models.umt5 import UmT5
from .models.vae import Vae
from .prompts import Tokens, train_tokenizer
from .schedule import Pace, adam, noise_levels, set_rate
from .speech.sounds import Sounds
from .audio_stage import MouthTeller

HIGHEST_RATE = 1.0e-3
BATCH = 40
CHANCES = (0.36, 0.3, 0.3, 0.04)  # of the four levels; the last moves hardly anything
OWN_FROM, OWN_MOST = 0.35, 0.7  # when own latents begin, and how often in the end
MOTION_FRAMES = 19
NEAREST_SINK, FARTHEST_SINK = 4, 30
LONGEST_CHAIN_blocks = 500


class Speaker(nn.Module):
    """What is trained together."""

    def __init__(self):
        super().__init__()
        self.transformer = Transformer(sizes.TRANSFORMER)
        self.text = UmT5(sizes.TEXT)

    def words(self, ids, mask):
        return self.transformer.words(self.text(ids, mask))


class Situation:
    """What a batch of films is made under: sink, speech, places. Built once for all its levels."""

    def __init__(self, model, batch, tokens):
        self.model = model.transformer
        self.text = model.words(*tokens)
        motion = batch["motion"].float().unsqueeze(2).expand(-1, -1, MOTION_FRAMES, -1, -1)
        self.sink = self.model.make_sink(batch["sink"].float().unsqueeze(2), motion, self.text)
        self.audio = self.model.casual_audio_encoder.blocks(batch["features"].float())
        self.first_frame = batch["first_frame"]

    def velocity(self, latent, level):
        count, device = len(latent), latent.device
        timestep = torch.full((count,), level * 1000.0, device=device)
        distance = torch.randint(
            NEAREST_SINK, FARTHEST_SINK + 1, (count, latent.shape[2] // 3), device=device
        )
        return self.model.velocity(
            latent, timestep, self.sink, self.text, self.audio, self.first_frame, distance
        )


def batch_of(pool, count, device):
    rows = torch.randint(len(pool), (count,), device=device)
    batch = {
        name: pool.rows[name][rows]
        for name in ("latent", "reference", "motion", "features", "prompt", "weight")
    }
    add_places(batch, count, device)
    return batch


def add_places(batch, count, device):
    """The sink is the anchor, a frame made before; sometimes the portrait, as while the anchor is made."""
    early = torch.rand(count, device=device) < 0.6
    frame = torch.where(
        early, torch.randint(3, (count,), device=device), torch.randint(3 * BLOCKS, (count,), device=device)
    )
    anchor = batch["latent"][torch.arange(count, device=device), :, frame]
    is_portrait = torch.rand(count, device=device) < 0.15
    batch["sink"] = torch.where(is_portrait[:, None, None, None], batch["reference"], anchor)
    begins = (torch.rand(count, device=device) < 0.5) | is_portrait
    later = 3 * torch.randint(1, LONGEST_CHAIN_blocks, (count,), device=device)
    batch["first_frame"] = torch.where(begins, torch.zeros_like(later), later)


def loss_of(model, batch, tokens, level, is_own, sigmas):
    situation = Situation(model, batch, tokens)
    truth = batch["latent"].float()
    latent = torch.randn_like(truth)
    if is_own:
        with torch.no_grad():
            for step in range(level):
                latent = latent + (sigmas[step + 1] - sigmas[step]) * situation.velocity(latent, sigmas[step])
        torch.clear_autocast_cache()  # weights that were cast without a graph would get no gradient
    else:
        noise = latent
        latent = sigmas[level] * noise + (1 - sigmas[level]) * truth
    wanted = (latent - truth) / sigmas[level]
    error = situation.velocity(latent, sigmas[level]) - wanted
    weighted = error.square() * batch["weight"][:, None, None].float()
    return weighted.mean() * (0.05 if level == 3 else 1.0)


def load_parts(folder, device):
    """The VAE and the audio encoder, as the stages before left them."""
    vae_state, audio_state = (stage_files.needed(folder, stage, device) for stage in ("vae", "audio"))
    vae = Vae(sizes.VAE).to(device)
    vae.load_state_dict(vae_state["model"])
    vae.mean.copy_(vae_state["mean"])
    vae.std.copy_(vae_state["std"])
    teller = MouthTeller().to(device)
    teller.load_state_dict(audio_state["model"])
    return vae.eval().requires_grad_(False), teller.encoder.eval().requires_grad_(False)


def tokenizer_of(folder):
    path = folder / "spiece.model"
    if not path.exists():
        train_tokenizer(folder / "spiece", sizes.VOCABULARY)
    return Tokens(path, sizes.TRANSFORMER.text_len)


class Texts:
    """All prompts of a pool, tokenised once."""

    def __init__(self, pool, tokenizer, device):
        self.ids, self.mask = tokenizer.of(pool.texts, device)

    def of(self, prompt):
        return self.ids[prompt], self.mask[prompt]


def run(folder, data, minutes, device, films, batch=BATCH):
    torch.manual_seed(2)
    vae, speech = load_parts(folder, device)
    sigmas = noise_levels().tolist()
    model = Speaker().to(device)
    optimizer = adam(model.parameters(), device)
    state = stage_files.load(folder, "transformer", device)
    spent_s = 0.0
    if state:
        model.load_state_dict(state["model"])
        spent_s = state.get("spent_s", 0.0)
    own_from = 0.05 if state else OWN_FROM  # a model that goes on knows how to start
    pace = Pace(minutes, spent_s)
    tokenizer = tokenizer_of(folder)
    pool = FilmPool(vae, speech, Sounds(data / "speech.npz", device), device, seed=21)
    pool.fill(films)
    unseen = FilmPool(vae, speech, Sounds(data / "unseen.npz", device), device, seed=77)
    texts, unseen_texts = Texts(pool, tokenizer, device), Texts(unseen, tokenizer, device)
    print(
        f"transformer: {len(pool)} films at {pace.spent_s:.0f} s; {sum(p.numel() for p in model.parameters())} weights",
        flush=True,
    )
    told_s = saved_s = pace.spent_s
    losses = {}
    while not pace.is_over():
        set_rate(optimizer, pace.rate(HIGHEST_RATE, warm_steps=300))
        level = torch.multinomial(torch.tensor(CHANCES), 1).item()
        own_chance = OWN_MOST * min(1.0, max(0.0, (pace.share - own_from) / 0.2))
        is_own = level in (1, 2) and torch.rand(()).item() < own_chance
        rows = batch_of(pool, batch, device)
        with torch.autocast(device, torch.bfloat16, enabled=device == "cuda"):
            loss = loss_of(model, rows, texts.of(rows["prompt"]), level, is_own, sigmas)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        if pace.steps % 10 == 0:
            name = f"{'own' if is_own else 'mixed'} {level}"
            losses[name] = 0.8 * losses.get(name, loss.item()) + 0.2 * loss.item()
        if pace.spent_s - told_s > 40:
            told_s = pace.spent_s
            said = ", ".join(f"{name}: {value:.3f}" for name, value in sorted(losses.items()))
            report = film_report(model, vae, unseen, unseen_texts, sigmas, films=1)
            print(f"transformer {told_s:.0f} s, step {pace.steps}: {said}; {report}", flush=True)
        if pace.spent_s - saved_s > 100:
            saved_s = pace.spent_s
            stage_files.save(folder, "transformer", {"model": model.state_dict(), "spent_s": saved_s})
    stage_files.save(folder, "transformer", {"model": model.state_dict()})
    print(
        f"transformer: {pace.steps} steps; {film_report(model, vae, unseen, unseen_texts, sigmas, films=2)}",
        flush=True,
    )
    measured_films(model, vae, unseen, unseen_texts, sigmas, folder / "films.png")
