"""What a person looks at: a table of the figures, and sheets of frames."""

import torch

from ..faces.sheet import contact_sheet
from .cast import CLIP_FRAMES, PERIOD_clips
from .figures import drawn

COLUMNS, MOST_PEOPLE = 8, 4
MOMENT = 22  # of a clip: the frame that is shown

# figure, what it is, what is wanted, how it is told
ROWS = (
    ("opening_correlation", "correlation of the mouth's opening", "above 0.9", "{:.3f}"),
    ("opening_correlation_in_place", "the same, were no mouth allowed to lie higher or lower", "", "{:.3f}"),
    ("opening_correlation_of_worst", "the same, of the person where it is lowest", "", "{:.3f}"),
    ("open_or_closed", "frames rightly open or closed", "above 92 %", "{:.1%}"),
    ("vae_psnr_of_images", "VAE, images", "above 30 dB", "{:.2f} dB"),
    ("vae_psnr_of_clips", "VAE, clips", "above 30 dB", "{:.2f} dB"),
    ("face_psnr_of_clip", "still part of the face against its drawing, by clip", "", "{:.2f} dB"),
    ("face_psnr_loss", "what it loses from clip 1 on", "within 1 dB", "{:.2f} dB"),
    ("seam_ratio_between_ranges", "seam ratio between ranges", "under 1.5", "{:.2f}"),
    ("seam_ratio_between_segments", "seam ratio between chained segments", "under 1.2", "{:.2f}"),
    ("frames_per_second", "frames a second, the whole command", "at least 5", "{:.1f}"),
)


def told(value, form):
    if isinstance(value, dict) and "joints" in value:
        if not value["joints"]:
            return "no joint"
        median, most = form.format(value["median"]), form.format(value["most"])
        return f"{median} (median of {value['joints']}, most {most})"
    if isinstance(value, dict):
        return ", ".join(f"{clip}: {form.format(one)}" for clip, one in value.items())
    return form.format(value)


def table(measured):
    """In Markdown, to be put into docs/tiny-model.md."""
    lines = [
        f"{measured['people']} people, a film of {measured['clips']} clips, {measured['ranks']} ranks",
        "",
        "| | wanted | measured |",
        "|---|---|---|",
    ]
    lines += [f"| {what} | {wanted} | {told(measured[name], form)} |" for name, what, wanted, form in ROWS]
    return "\n".join(lines)


def people_sheet(path, studio, speakers):
    """Two rows a person: drawn above, of the film below."""
    rows = []
    for speaker in speakers[:MOST_PEOPLE]:
        moments = [(2 * column + 1) * speaker.frames // (2 * COLUMNS) for column in range(COLUMNS)]
        rows += [torch.cat([drawn(speaker, moment, 1) for moment in moments])]
        rows += [studio.frames(speaker, 0, speaker.frames)[moments]]
    contact_sheet(path, torch.cat(rows), COLUMNS)


def long_sheet(path, studio, speaker):
    """One moment of the same words, from the beginning to the end of the film."""
    periods = (speaker.frames - MOMENT - 1) // (PERIOD_clips * CLIP_FRAMES)
    chosen = sorted({round(index * periods / (COLUMNS - 1)) for index in range(COLUMNS)})
    moments = [period * PERIOD_clips * CLIP_FRAMES + MOMENT for period in chosen]
    shown = [drawn(speaker, moment, 1) for moment in moments]
    shown += [studio.frames(speaker, moment, 1) for moment in moments]
    contact_sheet(path, torch.cat(shown), len(moments))
