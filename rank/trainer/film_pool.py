"""Short films as latents, with all that the transformer hears and sees of them: made ahead, kept on the device."""

import torch

from . import prompts, sizes
from .faces import bank
from .faces import look as looks
from .faces.pose import at_fps, flat, poses, rest_mouth, stacked
from .faces.weight import hardest_of, weights_of
from .models.wav2vec2 import at_25fps
from .recorded import RecordedSteps
from .speech.sounds import normalised

BLOCKS = 8
FRAMES = 12 * BLOCKS
WARM_FRAMES = 13  # before a film, so that its latents are not those of a beginning
STILL_FRAMES = 29  # of the portrait at rest, until the encoder has come to rest
RECORDING_FRAMES = 300
PART = 16  # films made at a time
HARD = PART // 2  # of them with people whose mouths are hard to see
AT_REST = 0.75  # of the portraits: they show little of the lips
AJAR = 0.3  # how far the mouths of the others are open at most
USES = 16  # of a film, on the average, before another person takes its place
PROMPTS = 20000


class FilmPool:
    """Tensors, one row per film:
    latent [C, 24, Y, X], reference [C, Y, X] and motion [C, Y, X] (one frame of the rest) of the portrait,
    features [Z, E, 96], pose [96, P] (of POSE), prompt (an index into `texts`), weight [Y, X] of the latents
    in the loss."""

    def __init__(self, vae, speech, sounds, device, seed, hard=HARD):
        self.vae, self.sounds, self.device, self.hard = vae, sounds, device, hard
        self.generator = torch.Generator(device).manual_seed(seed)
        self.prompts = prompts.corpus(PROMPTS, seed)
        self.texts = [text for text, _, _ in self.prompts]
        self.walls = torch.tensor([wall for _, wall, _ in self.prompts], device=device)
        self.moods = torch.tensor([mood for _, _, mood in self.prompts], device=device)
        self.features_RZEF = features_of(speech, sounds)
        self.mouth_RFC = at_fps(sounds.tracks_RTC)
        self.making = RecordedSteps(lambda _: self.make(), device, [self.generator])
        self.rows = {}
        self.oldest, self.uses = 0, 0.0

    def fill(self, films):
        parts = -(-films // PART)
        for name, rows in self.making(None).items():
            self.rows[name] = rows.new_empty(parts * PART, *rows.shape[1:])
        for _ in range(parts):
            self.renew()

    def use(self, films):
        """Tells that a step has learned from so many: whenever all have served, the oldest go."""
        self.uses += films
        while self.uses >= USES * PART:
            self.uses -= USES * PART
            self.renew()

    def renew(self):
        """Puts new films in the place of the oldest."""
        part = self.making(None)
        place = slice(self.oldest, self.oldest + PART)
        for name, rows in self.rows.items():
            rows[place] = part[name]
        self.oldest = (self.oldest + PART) % len(self)

    def __len__(self):
        return len(self.rows["latent"])

    @torch.no_grad()
    def make(self, keep_truth=False):
        prompt = self.whole(len(self.texts))
        portrait = self.people()
        shown = looks.with_named_background(
            prompts.changed_look(portrait, self.moods[prompt]), self.walls[prompt]
        )
        mouth, features = self.speech()
        pose = poses(mouth)
        film = self.drawn(shown, pose, WARM_FRAMES + FRAMES)
        still_pose = poses(rest_mouth(PART, 1, self.device))
        ajar = torch.rand(PART, 1, generator=self.generator, device=self.device)
        still_pose["opening"] = (ajar - AT_REST).clamp_min(0) * AJAR / (1 - AT_REST)
        still_pose["teeth"] = still_pose["opening"]
        still = bank.as_floats(bank.drawn(portrait, flat(still_pose), sizes.FRAME_SIDE))
        made = {"prompt": prompt, "features": features.half()}
        with torch.autocast(self.device, torch.bfloat16, enabled=self.device == "cuda"):
            made["latent"] = self.vae.encode(film)[:, :, -3 * BLOCKS :].half()
            rest = self.vae.encode(still.unsqueeze(2).expand(-1, -1, STILL_FRAMES, -1, -1)).half()
        made["weight"] = weights_of(shown, sizes.LATENT_SIDE).half()
        made["pose"] = stacked(pose)[:, -FRAMES:].half()
        made["reference"], made["motion"] = rest[:, :, 1].clone(), rest[:, :, -1].clone()
        if keep_truth:
            made["film"], made["shown"] = film[:, :, -FRAMES:], shown
            made["still"] = still
        return made

    def people(self):
        """PART of them; the last `hard` are the hardest of five times as many."""
        usual = PART - self.hard
        crowd = looks.people(usual + 5 * self.hard, self.generator)
        others = looks.chosen(crowd, slice(usual, None))
        hardest = looks.chosen(others, hardest_of(others, self.hard))
        return {name: torch.cat([value[:usual], hardest[name]]) for name, value in crowd.items()}

    def whole(self, below):
        return torch.randint(below, (PART,), generator=self.generator, device=self.device)

    def drawn(self, look, pose, frames):
        images = bank.drawn(looks.repeated(look, frames), flat(pose), sizes.FRAME_SIDE)
        return bank.as_floats(images.unflatten(0, (PART, frames))).transpose(1, 2)

    def speech(self):
        """The mouth from WARM_FRAMES before the film on, and the film's features. A film may begin in the
        silence before its recording or end behind it: the features are zero there, as the engine's are."""
        rows = self.whole(len(self.sounds))
        before = torch.rand(PART, generator=self.generator, device=self.device) < 0.3
        first = self.whole(RECORDING_FRAMES - FRAMES // 2)
        first = torch.where(before, -12 * self.whole(5), first)
        place = first[:, None] + torch.arange(-WARM_FRAMES, FRAMES, device=self.device)
        is_heard = (place >= 0) & (place < RECORDING_FRAMES)
        place = place.clamp(0, RECORDING_FRAMES - 1)
        mouth = self.mouth_RFC[rows[:, None], place]
        mouth = torch.where(is_heard[..., None], mouth, rest_mouth(PART, place.shape[1], self.device))
        features = self.features_RZEF[rows].float()
        index = place[:, None, None].expand(-1, *features.shape[1:3], -1)
        features = torch.gather(features, 3, index) * is_heard[:, None, None]
        return mouth, features[..., WARM_FRAMES:]


@torch.no_grad()
def features_of(speech, sounds):
    parts = []
    for begin in range(0, len(sounds), 8):
        states = speech(normalised(sounds.samples(slice(begin, begin + 8))))
        parts.append(at_25fps(states, RECORDING_FRAMES).half())
    return torch.cat(parts)
