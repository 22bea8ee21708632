"""Measures a checkpoint through `longtake run`: films of people and voices that it did not learn from."""

import json

import torch

from ..checkpoint import Checkpoint
from . import cast, figures, page
from .studio import Studio

LONG_FILM, RANGES_FILM = "long", "ranges"
CHAINED = {"continuity": "chained", "segment_clips": 8}
PARALLEL = {"continuity": "parallel", "segment_clips": 8}


def run(options):
    torch.set_num_threads(max(1, options.ranks))
    speakers = cast.short_speakers(options.people)
    long, ranges = cast.long_speaker(LONG_FILM, options.clips), cast.ranges_speaker(RANGES_FILM)
    studio = Studio(options.out, options.longtake, options.model, options.ranks)
    studio.produce([(speaker, CHAINED) for speaker in speakers])
    long_run = studio.produce([(long, CHAINED)])
    studio.produce([(ranges, PARALLEL)])

    measured = {
        "people": options.people,
        "clips": options.clips,
        "ranks": options.ranks,
        **figures.lips(studio, speakers),
        **figures.stillness(studio, long),
        **figures.seams(studio, long, ranges),
        **figures.of_vae(Checkpoint(options.model).vae, speakers),
        "frames_per_second": long_run.frames / long_run.seconds,
    }
    (options.out / "figures.json").write_text(json.dumps(measured, indent=1) + "\n")
    page.people_sheet(options.out / "people.png", studio, speakers)
    page.long_sheet(options.out / "long.png", studio, long)
    print(page.table(measured))
