"""Measures generated films of people who are drawn: the mouth is found by drawing the person again."""

import torch

from . import sizes
from .faces import bank
from .faces import look as looks
from .faces.draw import draw
from .faces.pose import named
from .faces.sheet import contact_sheet
from .speech.sounds import correlation

TRIES = 11  # openings that are tried
ASIDE_px = 2  # how much higher or lower a mouth may lie than it was drawn: asked is how open it is, not where
OPEN_FROM = 0.2  # an opening from which on a mouth counts as open


def mouth_window(look, side):
    """Rows and columns of the pictures of one person that lie around the mouth."""
    line = (torch.arange(side, device=look["x"].device) + 0.5) * (2 / side) - 1
    centre_x, centre_y = look["x"], look["y"] + (look["mouth_y"] + 0.1) * look["size"]
    reach = 0.5 * look["size"]

    def near(centre, far):
        inside = ((line - centre).abs() < far).nonzero()
        return slice(int(inside[0]), int(inside[-1]) + 1)

    return near(centre_y, 0.8 * reach), near(centre_x, reach)


@torch.no_grad()
def openings(film_BCTHW, look, pose):
    """The opening [B, T] whose drawing fits the film best around the mouth; the rest of `pose` is given."""
    people = [
        openings_of(
            film.transpose(0, 1),
            looks.chosen(look, slice(person, person + 1)),
            looks.chosen(pose, person),
        )
        for person, film in enumerate(film_BCTHW)
    ]
    return torch.stack(people)


def openings_of(images_TCHW, look, pose, aside=ASIDE_px):
    """Of one person, [T]: only the part around the mouth is drawn."""
    misfits = torch.stack(
        [misfit(images_TCHW, look, pose, index / (TRIES - 1), aside) for index in range(TRIES)], 1
    )
    best = misfits.argmin(1)
    inner = best.clamp(1, TRIES - 2)
    low, mid, high = (misfits.gather(1, (inner + d)[:, None]).squeeze(1) for d in (-1, 0, 1))
    shift = 0.5 * (low - high) / (low - 2 * mid + high).clamp_min(1e-9)
    fine = torch.where(best == inner, inner + shift.clamp(-0.5, 0.5), best.float())
    return fine / (TRIES - 1)


def misfit(images_TCHW, look, pose, opening, aside):
    """How far each picture is from the drawing with the mouth so open, [T], `aside` rows higher to lower."""
    rows, columns = mouth_window(look, images_TCHW.shape[-1])
    images = images_TCHW[:, :, rows, columns]
    reach = slice(rows.start - aside, rows.stop + aside)
    look = looks.repeated(look, len(images))
    tried = {**pose, "opening": torch.full_like(pose["opening"], opening)}
    parts = []
    for begin in range(0, len(images), bank.PART):
        part = slice(begin, begin + bank.PART)
        place = looks.chosen(look, part), looks.chosen(tried, part)
        drawn = (
            draw(*place, images_TCHW.shape[-1], (reach, columns)).unfold(2, images.shape[2], 1).movedim(-1, 3)
        )
        parts.append((drawn - images[part].unsqueeze(2)).square().sum((1, 3, 4)).amin(1))
    return torch.cat(parts)


@torch.no_grad()
def generated(model, vae, made, texts, sigmas):
    """Films [B, 3, T, H, W] as the engine would make them: the anchor first, then all blocks."""
    from .transformer_stage import Situation

    device = made["latent"].device
    batch = {name: made[name] for name in ("latent", "reference", "motion", "features", "prompt")}
    batch["first_frame"] = torch.zeros(len(batch["latent"]), dtype=torch.long, device=device)
    precision = torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda")
    with precision, torch.compiler.set_stance("force_eager"):  # too seldom to be compiled for its sizes
        batch["sink"] = batch["reference"]
        batch["sink"] = rolled_out(Situation(model, batch, texts.of(batch["prompt"])), batch, sigmas)[:, :, 0]
        latent = rolled_out(Situation(model, batch, texts.of(batch["prompt"])), batch, sigmas)
        # The first latent frame of a stream is one video frame: it is given its own picture again before it.
        led = torch.cat([latent[:, :, :1].expand(-1, -1, 4, -1, -1), latent], 2)
        return vae.decode(led)[:, :, -4 * latent.shape[2] :].float(), latent


def rolled_out(situation, batch, sigmas):
    latent = torch.randn_like(batch["latent"].float())
    for step in range(len(sigmas) - 1):
        latent = latent + (sigmas[step + 1] - sigmas[step]) * situation.velocity(latent, sigmas[step])
    return latent


def film_report(model, vae, parts, texts, sigmas):
    """Of films as FilmPool.make gives them with their truth: the same ones every time, as people differ much."""
    told, wanted, still = [], [], []
    for made in parts:
        film, _ = generated(model, vae, made, texts, sigmas)
        pose = named(made["pose"])
        told.append(openings(film, made["shown"], pose))
        wanted.append(pose["opening"])
        still.append(((film.clamp(-1, 1) - made["film"]) / 2).square().mean())
    told, wanted = torch.cat(told), torch.cat(wanted)
    right = ((told > OPEN_FROM) == (wanted > OPEN_FROM)).float().mean().item()
    psnr = -10 * torch.log10(torch.stack(still).mean()).item()
    return f"mouth correlation {correlation(told, wanted):.3f}, open or closed {right * 100:.1f} %, PSNR {psnr:.2f} dB"


def measured_films(model, vae, pool, texts, sigmas, path):
    """A sheet: per person the portrait and seven frames drawn, below them the same frames generated."""
    made = pool.make(keep_truth=True)
    film, _ = generated(model, vae, made, texts, sigmas)
    rows = []
    for person in range(8):
        for source in (made["film"], film):
            frames = source[person, :, 6 :: sizes.FRAME_SIDE // 10].transpose(0, 1)[:7]
            rows.append(torch.cat([made["still"][person : person + 1], frames]))
        print(pool.texts[made["prompt"][person]], flush=True)
    contact_sheet(path, torch.cat(rows), 8)
