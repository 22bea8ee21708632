"""Trains the transformer and the text encoder by flow matching on the noise levels of inference.

First the latents that enter a level are mixed of truth and noise; then more and more often they are what the
model itself made of noise on the levels before, as in the engine's loop: a level's window holds the latents
that entered it, so running a whole film level by level is that loop (step-major order). What is heard is learned
first, then the picture of single blocks, then films: a block costs an eighth and teaches the mouth as well.
"""

import random

import torch
from torch import nn

from . import sizes, stage_files
from .film_pool import BLOCKS, FilmPool
from .hearing import PoseTeller
from .measure import film_report, measured_films
from .models.transformer import BLOCK_FRAMES, BLOCK_VIDEO_FRAMES, Transformer, compile_layers
from .models.umt5 import UmT5
from .models.vae import Vae
from .muon import Muon
from .prompts import Tokens, train_tokenizer
from .recorded import RecordedSteps
from .schedule import Every, Pace, adam, noise_levels, set_rate
from .speech.sounds import Sounds
from .audio_stage import MouthTeller

HIGHEST_RATE = 1.0e-3
BATCH_BLOCKS = 320
# Until this share of the time: blocks of a film that a step sees; 0: only hearing.
PHASES = ((0.03, 0), (0.3, 1), (1.01, BLOCKS))
TELL_s, SAVE_s = 90.0, 90.0
HEARING_WEIGHT = 0.1
# Of the four levels: the third has the last word, the fourth moves hardly anything.
CHANCES = (0.3, 0.26, 0.4, 0.04)
OWN_FROM, OWN_MOST = 0.35, 0.7  # when own latents begin, and how often in the end
INNER = ("transformer.blocks.", "transformer.audio_injector.")
MOTION_FRAMES = 19
NEAREST_SINK, FARTHEST_SINK = 4, 30
LONGEST_CHAIN_blocks = 500


class Speaker(nn.Module):
    """What is trained together."""

    def __init__(self):
        super().__init__()
        self.transformer = Transformer(sizes.TRANSFORMER)
        self.text = UmT5(sizes.TEXT)
        self.teller = PoseTeller(sizes.TRANSFORMER)

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
        for name in ("latent", "reference", "motion", "features", "pose", "prompt", "weight")
    }
    add_places(batch, count, device)
    return batch


def cut(batch, blocks):
    """A piece of `blocks` blocks of each film, from any of its places."""
    if blocks == BLOCKS:
        return batch
    count, device = len(batch["latent"]), batch["latent"].device
    first = torch.randint(BLOCKS - blocks + 1, (count,), device=device)

    def piece(name, dim, frames):
        whole = batch[name].movedim(dim, 1)
        place = frames * first[:, None] + torch.arange(frames * blocks, device=device)
        return whole[torch.arange(count, device=device)[:, None], place].movedim(1, dim)

    frames = {
        "latent": (2, BLOCK_FRAMES),
        "features": (3, BLOCK_VIDEO_FRAMES),
        "pose": (1, BLOCK_VIDEO_FRAMES),
    }
    return {**batch, **{name: piece(name, *where) for name, where in frames.items()}}


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
    heard = model.teller.loss(situation.audio, batch["pose"])
    return weighted.mean() * (0.05 if level == 3 else 1.0) + HEARING_WEIGHT * heard


def hearing_loss(model, batch):
    return model.teller.loss(
        model.transformer.casual_audio_encoder.blocks(batch["features"].float()), batch["pose"]
    )


def load_parts(folder, device):
    """The VAE and the audio encoder, as the stages before left them."""
    vae_state, audio_state = (stage_files.needed(folder, stage, device) for stage in ("vae", "audio"))
    vae = Vae(sizes.VAE).to(device)
    vae.load_state_dict(vae_state["model"])
    vae.mean.copy_(vae_state["mean"])
    vae.std.copy_(vae_state["std"])
    teller = MouthTeller().to(device)
    stage_files.fill(teller, audio_state["model"], heads="head.")
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


def optimizers_of(model, device):
    """Muon for the matrices between the first layer and the last, Adam for all else."""
    trained = {name: p for name, p in model.named_parameters() if p.requires_grad}
    matrices = [p for name, p in trained.items() if p.ndim == 2 and name.startswith(INNER)]
    moved = set(map(id, matrices))
    others = [p for p in trained.values() if id(p) not in moved]
    return adam(others, device), Muon(matrices, torch.zeros((), device=device))


class Loop:
    """One step after another; what a step is follows from the share of the time that is spent."""

    def __init__(self, model, pool, texts, device, pace, is_new):
        self.model, self.pool, self.texts, self.device, self.pace = model, pool, texts, device, pace
        self.trained = [p for p in model.parameters() if p.requires_grad]
        self.optimizers = optimizers_of(model, device)
        self.sigmas = noise_levels().tolist()
        self.own_from = OWN_FROM if is_new else 0.05  # a model that goes on knows how to start
        self.batch_blocks = BATCH_BLOCKS
        self.steps = RecordedSteps(self.trained_with, device)
        self.losses = {}

    def kind(self):
        """Of the next step: the blocks of a film, the noise level, whether its latents are the model's own."""
        blocks = next(blocks for until, blocks in PHASES if self.pace.share < until)
        if blocks == 0:
            return 0, 0, False
        level = random.choices(range(len(CHANCES)), CHANCES)[0]
        own_chance = OWN_MOST * min(1.0, max(0.0, (self.pace.share - self.own_from) / 0.2))
        return blocks, level, level in (1, 2) and random.random() < own_chance

    def loss(self, kind):
        blocks, level, is_own = kind
        films = max(2, self.batch_blocks // max(1, blocks))
        rows = cut(batch_of(self.pool, films, self.device), max(1, blocks))
        if blocks == 0:
            return hearing_loss(self.model, rows)
        return loss_of(self.model, rows, self.texts.of(rows["prompt"]), level, is_own, self.sigmas)

    def trained_with(self, kind):
        with torch.autocast(self.device, torch.bfloat16, enabled=self.device == "cuda"):
            loss = self.loss(kind)
        self.model.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.trained, 1.0)
        for optimizer in self.optimizers:
            optimizer.step()
        return loss.detach()

    def step(self):
        rate = self.pace.rate(HIGHEST_RATE, warm_steps=300)
        for optimizer in self.optimizers:
            set_rate(optimizer, rate)
        kind = self.kind()
        loss = self.steps(kind)
        if self.pace.steps % 10 == 0:
            name = name_of(kind)
            self.losses[name] = 0.8 * self.losses.get(name, loss.item()) + 0.2 * loss.item()

    def told(self):
        return ", ".join(f"{name}: {value:.3f}" for name, value in sorted(self.losses.items()))


def name_of(kind):
    blocks, level, is_own = kind
    return "heard" if blocks == 0 else f"{'own' if is_own else 'mixed'} {level}"


def new_or_begun(folder, device):
    """The model, the seconds spent on it, and whether no earlier run has left it."""
    model = Speaker().to(device)
    state = stage_files.load(folder, "transformer", device)
    if state is None:
        return model, 0.0, True
    stage_files.fill(model, state["model"], heads="teller.")
    return model, state.get("spent_s", 0.0), False


def run(folder, data, minutes, device, films):
    torch.manual_seed(2)
    random.seed(2)
    vae, speech = load_parts(folder, device)
    model, spent_s, is_new = new_or_begun(folder, device)
    pace = Pace(minutes, spent_s)
    tokenizer = tokenizer_of(folder)
    if device == "cuda":
        compile_layers()
    pool = FilmPool(vae, speech, Sounds(data / "speech.npz", device), device, seed=21 + int(spent_s))
    pool.fill(films)
    unseen = FilmPool(vae, speech, Sounds(data / "unseen.npz", device), device, seed=77, hard=0)
    shown = [unseen.make(keep_truth=True) for _ in range(2)]
    texts, unseen_texts = Texts(pool, tokenizer, device), Texts(unseen, tokenizer, device)
    loop = Loop(model, pool, texts, device, pace, is_new)
    weights = sum(p.numel() for p in model.parameters())
    print(f"transformer: {len(pool)} films at {pace.spent_s:.0f} s; {weights} weights", flush=True)
    told, saved = (Every(pace, seconds) for seconds in (TELL_s, SAVE_s))
    while not pace.is_over():
        loop.step()
        pool.use(loop.batch_blocks / BLOCKS)
        if told.is_due():
            report = film_report(model, vae, shown, unseen_texts, loop.sigmas)
            print(f"transformer {pace.spent_s:.0f} s, step {pace.steps}: {loop.told()}; {report}", flush=True)
        if saved.is_due():
            stage_files.save(folder, "transformer", {"model": model.state_dict(), "spent_s": pace.spent_s})
    stage_files.save(folder, "transformer", {"model": model.state_dict()})
    report = film_report(model, vae, shown, unseen_texts, loop.sigmas)
    print(f"transformer: {pace.steps} steps; {report}", flush=True)
    measured_films(model, vae, unseen, unseen_texts, loop.sigmas, folder / "films.png")
