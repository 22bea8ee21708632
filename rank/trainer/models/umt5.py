"""The umT5 encoder: T5 1.1 with relative positions in every layer."""

# B batch, L tokens, D width, H heads, K head width
import math
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional as F

FURTHEST = 128  # all distances from here on share a bucket
NORM_EPS = 1e-6


@dataclass(frozen=True)
class UmT5Shape:
    vocabulary: int
    width: int
    attention_width: int
    ffn_width: int
    heads: int
    layers: int
    buckets: int = 32


class RmsNorm(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x):
        return x * (x.float().square().mean(-1, keepdim=True) + NORM_EPS).rsqrt() * self.weight


def buckets_of_distance(length, buckets, device):
    """Raffel et al. 2020, section 2.1: exact up to a quarter of the buckets, then by logarithm."""
    place = torch.arange(length, device=device)
    distance = place[None, :] - place[:, None]
    half, exact = buckets // 2, buckets // 4
    far = distance.abs()
    octaves = math.log(FURTHEST / exact)
    steps = (far.clamp_min(1).float() / exact).log() / octaves * (half - exact)
    by_logarithm = (steps.long() + exact).clamp_max(half - 1)
    return (distance > 0).long() * half + torch.where(far < exact, far, by_logarithm)


class Attention(nn.Module):
    def __init__(self, shape):
        super().__init__()
        self.heads = shape.heads
        self.q = nn.Linear(shape.width, shape.attention_width, bias=False)
        self.k = nn.Linear(shape.width, shape.attention_width, bias=False)
        self.v = nn.Linear(shape.width, shape.attention_width, bias=False)
        self.o = nn.Linear(shape.attention_width, shape.width, bias=False)
        nn.init.normal_(self.q.weight, std=(shape.width * shape.attention_width / shape.heads) ** -0.5)

    def forward(self, x, bias):
        def heads_of(linear):
            return linear(x).unflatten(-1, (self.heads, -1)).transpose(1, 2)

        scores = heads_of(self.q) @ heads_of(self.k).transpose(2, 3) + bias  # T5 does not scale
        heard = scores.float().softmax(-1).to(x.dtype) @ heads_of(self.v)
        return self.o(heard.transpose(1, 2).flatten(2))


class FeedForward(nn.Module):
    def __init__(self, shape):
        super().__init__()
        self.gate = nn.ModuleDict({"0": nn.Linear(shape.width, shape.ffn_width, bias=False)})
        self.fc1 = nn.Linear(shape.width, shape.ffn_width, bias=False)
        self.fc2 = nn.Linear(shape.ffn_width, shape.width, bias=False)

    def forward(self, x):
        return self.fc2(self.fc1(x) * F.gelu(self.gate["0"](x), approximate="tanh"))


class Block(nn.Module):
    def __init__(self, shape):
        super().__init__()
        self.norm1 = RmsNorm(shape.width)
        self.attn = Attention(shape)
        self.norm2 = RmsNorm(shape.width)
        self.ffn = FeedForward(shape)
        self.pos_embedding = nn.ModuleDict({"embedding": nn.Embedding(shape.buckets, shape.heads)})
        nn.init.normal_(self.pos_embedding["embedding"].weight, std=0.1)

    def forward(self, x, bucket_LL, hidden_B11L):
        bias = self.pos_embedding["embedding"](bucket_LL).permute(2, 0, 1).unsqueeze(0)
        x = x + self.attn(self.norm1(x), bias.masked_fill(hidden_B11L, -1e9))
        return x + self.ffn(self.norm2(x))


class UmT5(nn.Module):
    def __init__(self, shape):
        super().__init__()
        self.shape = shape
        self.token_embedding = nn.Embedding(shape.vocabulary, shape.width)
        self.blocks = nn.ModuleList(Block(shape) for _ in range(shape.layers))
        self.norm = RmsNorm(shape.width)

    def forward(self, ids_BL, mask_BL):
        """[B, L, D]; rows of padding are zero, as the transformer pads them."""
        bucket = buckets_of_distance(ids_BL.shape[1], self.shape.buckets, ids_BL.device)
        hidden = mask_BL.eq(0)[:, None, None, :]
        x = self.token_embedding(ids_BL)
        for block in self.blocks:
            x = block(x, bucket, hidden)
        return self.norm(x) * mask_BL.unsqueeze(-1)
