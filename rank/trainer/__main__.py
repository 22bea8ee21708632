"""The trainer's command line."""

import argparse
import pathlib

import torch


def arguments():
    parser = argparse.ArgumentParser(prog="trainer", description="Trains the tiny Live Avatar checkpoint.")
    parser.add_argument("stage", choices=["speech", "vae", "audio", "transformer", "export", "all"])
    parser.add_argument("--out", type=pathlib.Path, required=True, help="folder of what the stages leave")
    parser.add_argument("--data", type=pathlib.Path, help="folder of the spoken recordings; default: OUT")
    parser.add_argument("--minutes", type=float, help="for this stage; for 'all': for each")
    parser.add_argument(
        "--films", type=int, default=2600, help="made ahead for the transformer to learn from"
    )
    parser.add_argument(
        "--model",
        type=pathlib.Path,
        default=pathlib.Path("configs/models/tiny"),
        help="where 'export' writes",
    )
    return parser.parse_args()


DEFAULT_MINUTES = {"vae": 9.0, "audio": 1.7, "transformer": 9.0}
RECORDINGS, UNSEEN_RECORDINGS = 215, 10


def speak(data):
    from .speech import recordings

    data.mkdir(parents=True, exist_ok=True)
    recordings.make(data / "unseen.npz", UNSEEN_RECORDINGS, 7, recordings.UNSEEN_VARIANTS)
    recordings.make(data / "speech.npz", RECORDINGS, 1, recordings.VARIANTS)


def run(stage, options):
    data = options.data or options.out
    device = "cuda" if torch.cuda.is_available() else "cpu"
    minutes = options.minutes or DEFAULT_MINUTES.get(stage, 0)
    if stage == "speech":
        speak(data)
    elif stage == "vae":
        from . import vae_stage

        vae_stage.run(options.out, data, minutes, device)
    elif stage == "audio":
        from . import audio_stage

        audio_stage.run(options.out, data, minutes, device)
    elif stage == "transformer":
        from . import transformer_stage

        transformer_stage.run(options.out, data, minutes, device, options.films)
    elif stage == "export":
        from . import export

        export.run(options.out, options.model)


def main():
    options = arguments()
    stages = (
        ["speech", "vae", "audio", "transformer", "export"] if options.stage == "all" else [options.stage]
    )
    for stage in stages:
        run(stage, options)


main()
