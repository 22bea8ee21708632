"""The trainer's command line."""

import argparse
import pathlib

import torch


STAGES = ("speech", "vae", "decoder", "audio", "transformer", "export")
BUNDLED = pathlib.Path("configs/models/tiny")


def add_stage(command):
    command.add_argument("--out", type=pathlib.Path, required=True, help="folder of what the stages leave")
    command.add_argument("--data", type=pathlib.Path, help="folder of the spoken recordings; default: OUT")
    command.add_argument("--minutes", type=float, help="for this stage; for 'all': for each")
    command.add_argument(
        "--films", type=int, default=2600, help="made ahead for the transformer to learn from"
    )
    command.add_argument("--model", type=pathlib.Path, default=BUNDLED, help="where 'export' writes")


def add_evaluate(command):
    command.add_argument("--longtake", type=pathlib.Path, required=True, help="the program that makes films")
    command.add_argument("--model", type=pathlib.Path, default=BUNDLED, help="the checkpoint")
    command.add_argument(
        "--out", type=pathlib.Path, required=True, help="folder of films, figures and sheets"
    )
    command.add_argument("--people", type=int, default=24, help="a film of 12 s of each")
    command.add_argument("--clips", type=int, default=100, help="of the long film")
    command.add_argument("--ranks", type=int, default=2)


def arguments():
    parser = argparse.ArgumentParser(prog="trainer", description="Trains the tiny Live Avatar checkpoint.")
    commands = parser.add_subparsers(dest="command", required=True)
    for stage in (*STAGES, "all"):
        add_stage(commands.add_parser(stage))
    add_evaluate(commands.add_parser("evaluate", help="measure a checkpoint by the films that it makes"))
    taken_up = commands.add_parser("import", help="let the stages go on from a checkpoint")
    taken_up.add_argument("--out", type=pathlib.Path, required=True, help="folder of what the stages leave")
    taken_up.add_argument("--model", type=pathlib.Path, default=BUNDLED, help="the checkpoint")
    examples = commands.add_parser("examples", help="draw and speak the bundled examples")
    examples.add_argument("--out", type=pathlib.Path, default=pathlib.Path("configs/examples"))
    return parser.parse_args()


DEFAULT_MINUTES = {"vae": 9.0, "decoder": 3.0, "audio": 1.7, "transformer": 15.0}
RECORDINGS, UNSEEN_RECORDINGS = 860, 10


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
    elif stage == "decoder":
        from . import decoder_stage

        decoder_stage.run(options.out, data, minutes, device)
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
    if options.command == "evaluate":
        from . import evaluation

        evaluation.run(options)
    elif options.command == "import":
        from . import taken_up

        taken_up.run(options.out, options.model)
    elif options.command == "examples":
        from . import examples

        examples.make(options.out)
    else:
        for stage in STAGES if options.command == "all" else [options.command]:
            run(stage, options)


main()
