"""Makes films with `longtake run` and reads them back."""

import dataclasses
import json
import subprocess

import torch

from .. import sizes
from ..faces import sheet
from ..faces.draw import draw
from ..faces.pose import flat, poses, rest_mouth
from ..speech.wav import write_wav

PROMPT = "A cartoon person speaks to the camera."  # names no wall and no mood: the portrait is the truth
# The film says that it is BT.709; not every ffmpeg believes it.
TO_RGB = "scale=in_color_matrix=bt709:in_range=limited:flags=accurate_rnd+full_chroma_int"


@dataclasses.dataclass
class Run:
    """A whole command, from reading the inputs to the joined films."""

    frames: int
    seconds: float


class Studio:
    def __init__(self, out, longtake, model, ranks):
        self.folder = out / "films"
        self.longtake, self.model, self.ranks = longtake, model, ranks
        try:
            self.folder.mkdir(parents=True)
        except FileExistsError:
            raise SystemExit(f"{self.folder} is there: remove it, or name another --out") from None

    def produce(self, jobs):
        """`jobs`: [(speaker, further lines of the job file)]. All in one command."""
        for speaker, settings in jobs:
            self.write_job(speaker, settings)
        files = [self.folder / f"{speaker.name}.yaml" for speaker, _ in jobs]
        command = [self.longtake, "run", *files, "--engine", "liveavatar", "--model", self.model,
                   "--work-dir", self.folder / "work", "--ranks", self.ranks, "--json"]  # fmt: skip
        ended = subprocess.run(list(map(str, command)), stdout=subprocess.PIPE, text=True)
        if ended.returncode != 0:
            raise SystemExit(f"longtake run ended with exit code {ended.returncode}: {ended.stdout}")
        frames = sum(speaker.frames for speaker, _ in jobs)
        return Run(frames, json.loads(ended.stdout)["seconds"])

    def write_job(self, speaker, settings):
        portrait = draw(speaker.look, flat(poses(rest_mouth(1, 1, "cpu"))), sizes.FRAME_SIDE)
        sheet.write_png(self.folder / f"{speaker.name}.png", sheet.as_bytes(portrait)[0].permute(1, 2, 0))
        write_wav(self.folder / f"{speaker.name}.wav", speaker.samples)
        lines = {
            "prompt": PROMPT,
            "image": f"{speaker.name}.png",
            "audio": f"{speaker.name}.wav",
            "trim_silence": "false",  # frame k of the film is frame k of the truth
            **settings,
        }
        text = "".join(f"{key}: {value}\n" for key, value in lines.items())
        (self.folder / f"{speaker.name}.yaml").write_text(text)

    def job_folder(self, speaker):
        return self.folder / "work" / "jobs" / speaker.name

    def report(self, speaker):
        return json.loads((self.job_folder(speaker) / "report.json").read_text())

    def frames(self, speaker, first, count):
        """[count, 3, side, side] in [-1, 1] from frame `first` on, decoded from the beginning."""
        side = sizes.FRAME_SIDE
        pick = f"select=between(n\\,{first}\\,{first + count - 1})"
        command = ["ffmpeg", "-v", "error", "-i", self.job_folder(speaker) / "output.mp4", "-vf", f"{pick},{TO_RGB}",
                   "-fps_mode", "passthrough", "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]  # fmt: skip
        raw = subprocess.run(list(map(str, command)), stdout=subprocess.PIPE, check=True).stdout
        if len(raw) != count * side * side * 3:
            raise SystemExit(
                f"{speaker.name}: {len(raw)} bytes of picture, expected {count} frames of {side}x{side}"
            )
        images = torch.frombuffer(bytearray(raw), dtype=torch.uint8).view(count, side, side, 3)
        return images.permute(0, 3, 1, 2).float() / 127.5 - 1
