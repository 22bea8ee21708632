"""The figures: each a comparison of a film with the drawing of the same person at the same moment."""

import statistics

import torch

from .. import sizes
from ..faces import bank
from ..faces import look as looks
from ..faces.draw import draw
from ..measure import OPEN_FROM, mouth_window, openings_of
from ..speech.sounds import correlation
from .cast import CLIP_FRAMES, PERIOD_clips

CLIPS_LOOKED_AT = (1, 10, 100)
VAE_IMAGES, VAE_FRAMES, VAE_PEOPLE = 8, 33, 4
FACE_SHARE = 0.9  # of the face's size: without its edge, which moves with every nod


def pose_of(speaker, first, count):
    return {name: value[first : first + count] for name, value in speaker.pose.items()}


def drawn(speaker, first, count):
    return draw(looks.repeated(speaker.look, count), pose_of(speaker, first, count), sizes.FRAME_SIDE)


def psnr(made, wanted, mask=None):
    """Of pictures in [-1, 1]; `mask`, of the pictures' shape, is 1 where it counts."""
    error = ((made.clamp(-1, 1) - wanted) / 2).square()
    mean = error.mean() if mask is None else (error * mask).sum() / mask.expand_as(error).sum()
    return -10 * torch.log10(mean).item()


def lips(studio, speakers):
    """How the mouths move, all people together and the one that follows worst."""
    told, in_place, wanted, each = [], [], [], []
    for speaker in speakers:
        film = studio.frames(speaker, 0, speaker.frames)
        told.append(openings_of(film, speaker.look, speaker.pose))
        in_place.append(openings_of(film, speaker.look, speaker.pose, aside=0))
        wanted.append(speaker.pose["opening"])
        each.append(correlation(told[-1], wanted[-1]))
    told, in_place, wanted = torch.cat(told), torch.cat(in_place), torch.cat(wanted)
    return {
        "opening_correlation": correlation(told, wanted),
        "opening_correlation_in_place": correlation(in_place, wanted),
        "opening_correlation_of_worst": min(each),
        "open_or_closed": ((told > OPEN_FROM) == (wanted > OPEN_FROM)).float().mean().item(),
    }


def still_part(look):
    """[1, 1, side, side]: 1 on the face, without the mouth and what it moves."""
    side = sizes.FRAME_SIDE
    line = (torch.arange(side) + 0.5) * (2 / side) - 1
    across = (line.view(1, -1) - look["x"].view(1, 1)) / look["size"]
    down = (line.view(-1, 1) - look["y"].view(1, 1)) / look["size"]
    mask = (across**2 + (down / look["tall"]) ** 2 < FACE_SHARE**2).float()
    mask[mouth_window(look, side)] = 0
    return mask[None, None]


def stillness(studio, speaker):
    """The face at the clips that are looked at; they say the same words."""
    clips = speaker.frames // CLIP_FRAMES
    looked_at = [clip for clip in CLIPS_LOOKED_AT if clip <= clips]
    last = (clips - 1) // PERIOD_clips * PERIOD_clips + 1
    if last not in looked_at:
        looked_at.append(last)
    mask, found = still_part(speaker.look), {}
    for clip in looked_at:
        first = (clip - 1) * CLIP_FRAMES
        film = studio.frames(speaker, first, CLIP_FRAMES)
        found[str(clip)] = psnr(film, drawn(speaker, first, CLIP_FRAMES), mask)
    values = list(found.values())
    return {"face_psnr_of_clip": found, "face_psnr_loss": max(values[0] - value for value in values)}


def seams(studio, *speakers):
    found = {"segments": [], "ranges": []}
    for speaker in speakers:
        for joint in studio.report(speaker)["joints"]:
            found[joint["between"]].append(joint["seam_ratio"])
    return {
        f"seam_ratio_between_{kind}": {
            "joints": len(ratios),
            "median": statistics.median(ratios) if ratios else None,
            "most": max(ratios, default=None),
        }
        for kind, ratios in found.items()
    }


@torch.no_grad()
def of_vae(vae, speakers):
    """One picture or film at a time: the decoder's intermediates are large."""
    generator = torch.Generator().manual_seed(3)
    images = bank.as_floats(bank.images(VAE_IMAGES, sizes.FRAME_SIDE, generator))
    films = [drawn(speaker, 0, VAE_FRAMES).transpose(0, 1) for speaker in speakers[:VAE_PEOPLE]]

    def quality(videos_3THW):
        made = torch.stack([vae.decode(vae.encode(video[None]))[0] for video in videos_3THW])
        return psnr(made, torch.stack(list(videos_3THW)))

    return {"vae_psnr_of_images": quality(images.unsqueeze(2)), "vae_psnr_of_clips": quality(films)}
