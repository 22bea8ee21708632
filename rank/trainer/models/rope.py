"""Rotary positions over frame, row and column. Positions may be far from zero: angles are float64."""

# B batch, N blocks, T tokens, H heads, K head width, J pairs of a head
import torch

from ..constants import constant

BASE = 10000.0


def axis(positions, width):
    """Angles of one axis, [..., width / 2]. `width`: values of a head that belong to it."""
    pairs = torch.arange(width // 2, device=positions.device, dtype=torch.float64)
    return positions.double()[..., None] * BASE ** (-2 * pairs / width)


def spread(first, last, count):
    """Whole positions, cut to integers as the published model cuts them."""
    step = (last - first) / (count - 1) if count > 1 else 0.0
    return [last if count > 1 and i == count - 1 else int(i * step + first) for i in range(count)]


def rotated(x_THK, angle_TJ):
    """Pairs of neighbouring values turned. Leading dimensions of both must fit."""
    cos, sin = angle_TJ
    wide = x_THK.float().unflatten(-1, (-1, 2))
    even, odd = wide.unbind(-1)
    cos, sin = cos.unsqueeze(-2), sin.unsqueeze(-2)
    turned = torch.stack([even * cos - odd * sin, even * sin + odd * cos], -1)
    return turned.flatten(-2).to(x_THK.dtype)


class RopeGrid:
    """The positions of tokens on frames of height x width patches."""

    def __init__(self, head_dim, height, width, device):
        self.spatial = 2 * (head_dim // 6)
        self.temporal = head_dim - 2 * self.spatial
        self.height, self.width, self.device = height, width, device

    @property
    def tokens_per_frame(self):
        return self.height * self.width

    def turns(self, frames, rows, columns):
        """frames [..., f] -> cosines and sines, each [..., f rows columns, J]."""
        lead = frames.shape[:-1]
        f, h, w = frames.shape[-1], len(rows), len(columns)
        rows = axis(constant(tuple(rows), self.device), self.spatial)
        columns = axis(constant(tuple(columns), self.device), self.spatial)
        angles = torch.cat(
            [
                axis(frames, self.temporal)[..., :, None, None, :].expand(*lead, f, h, w, -1),
                rows[:, None, :].expand(*lead, f, h, w, -1),
                columns[None, :, :].expand(*lead, f, h, w, -1),
            ],
            -1,
        ).reshape(*lead, f * h * w, -1)
        return angles.cos().float(), angles.sin().float()

    def frame(self, moments):
        """One frame at each of `moments` [...]: the reference's."""
        return self.turns(moments[..., None], range_list(self.height), range_list(self.width))

    def blocks(self, first, frames):
        moments = first[..., None] + torch.arange(frames, device=self.device)
        return self.turns(moments, range_list(self.height), range_list(self.width))

    def sink(self, reference_frame):
        parts = [self.frame(constant(reference_frame, self.device))]
        oldest = 0
        for frames, depth in ((1, 1), (2, 2), (16, 4)):
            oldest += frames
            moments = [-m for m in spread(oldest, oldest - frames + 1, frames // depth)]
            rows = spread(0, self.height - 1, self.height // depth)
            columns = spread(0, self.width - 1, self.width // depth)
            parts.append(self.turns(constant(tuple(moments), self.device), rows, columns))
        return tuple(torch.cat(turn) for turn in zip(*parts))


def range_list(count):
    return list(range(count))
