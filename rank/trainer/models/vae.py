"""The Wan 2.1 causal video VAE, over whole clips at once.

The engine streams; a clip that is run whole from its first frame on gives the same numbers. Tensors are
[N, C, H, W] with N = batch * frames, so that every convolution is one of images: the frames that a kernel
reaches back to are put beside each other as channels.
"""

# B batch, T frames, N = B T, C channels, H height, W width
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional as F


@dataclass(frozen=True)
class VaeShape:
    dim: int
    z_dim: int = 16
    dim_mult: tuple = (1, 2, 4, 4)
    num_res_blocks: int = 2
    temporal_downsample: tuple = (False, True, True)


class ChannelNorm(nn.Module):
    def __init__(self, channels, trailing_dims):
        super().__init__()
        self.gamma = nn.Parameter(torch.ones(channels, *[1] * trailing_dims))

    def forward(self, x_NCHW):
        """The length in float32, the rest in the type of `x`: this is most of the memory traffic."""
        length = torch.linalg.vector_norm(x_NCHW, dim=1, keepdim=True, dtype=torch.float32)
        gain = self.gamma.flatten().view(1, -1, 1, 1) * self.gamma.numel() ** 0.5
        return x_NCHW * length.clamp_min(1e-12).reciprocal().to(x_NCHW.dtype) * gain.to(x_NCHW.dtype)

    def with_silu(self, x_NCHW):
        return F.silu(self(x_NCHW))


class CausalConv(nn.Module):
    """A convolution over a frame and those before it; zeros stand before the first."""

    def __init__(self, inputs, outputs, depth, side):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(outputs, inputs, depth, side, side))
        self.bias = nn.Parameter(torch.zeros(outputs))
        nn.init.normal_(self.weight, std=(inputs * depth * side * side) ** -0.5)

    def forward(self, x_NCHW, frames):
        depth, side = self.weight.shape[2], self.weight.shape[3]
        if frames == 1:
            return F.conv2d(x_NCHW, self.weight[:, :, -1], self.bias, padding=side // 2)
        return F.conv2d(beside(x_NCHW, frames, depth), self.folded(), self.bias, padding=side // 2)

    def halve_time(self, x_NCHW, frames):
        """The first frame passes; each later one is made of a pair and the frame before it."""
        clip = x_NCHW.unflatten(0, (-1, frames))
        if frames == 1:
            return x_NCHW
        triples = torch.cat([clip[:, 0:-2:2], clip[:, 1:-1:2], clip[:, 2::2]], 2)
        made = F.conv2d(triples.flatten(0, 1), self.folded(), self.bias)
        made = made.unflatten(0, (clip.shape[0], -1))
        return torch.cat([clip[:, :1], made], 1).flatten(0, 1)

    def folded(self):
        return self.weight.transpose(1, 2).flatten(1, 2)


def beside(x_NCHW, frames, depth):
    """[N, depth * C, H, W]: the oldest frame's channels first."""
    if depth == 1:
        return x_NCHW
    clip = x_NCHW.unflatten(0, (-1, frames))
    padded = F.pad(clip, (0, 0, 0, 0, 0, 0, depth - 1, 0))
    folded = torch.cat([padded[:, i : i + frames] for i in range(depth)], 2).flatten(0, 1)
    return folded.contiguous(memory_format=torch.channels_last)


class ResidualBlock(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.residual = nn.ModuleDict(
            {
                "0": ChannelNorm(inputs, 3),
                "2": CausalConv(inputs, outputs, 3, 3),
                "3": ChannelNorm(outputs, 3),
                "6": CausalConv(outputs, outputs, 3, 3),
            }
        )
        nn.init.normal_(self.residual["6"].weight, std=0.2 * (outputs * 27) ** -0.5)
        self.shortcut = CausalConv(inputs, outputs, 1, 1) if inputs != outputs else None

    def forward(self, x, frames):
        h = self.residual["2"](self.residual["0"].with_silu(x), frames)
        h = self.residual["6"](self.residual["3"].with_silu(h), frames)
        return h + (x if self.shortcut is None else self.shortcut(x, frames))


class FrameAttention(nn.Module):
    """Every pixel of a frame attends to all of the same frame; one head."""

    def __init__(self, channels):
        super().__init__()
        self.norm = ChannelNorm(channels, 2)
        self.to_qkv = nn.Conv2d(channels, 3 * channels, 1)
        self.proj = nn.Conv2d(channels, channels, 1)
        nn.init.zeros_(self.proj.weight)

    def forward(self, x_NCHW, frames):
        qkv = self.to_qkv(self.norm(x_NCHW)).flatten(2).transpose(1, 2)
        q, k, v = qkv.unsqueeze(1).chunk(3, -1)
        heard = F.scaled_dot_product_attention(q, k, v).squeeze(1)
        return x_NCHW + self.proj(heard.transpose(1, 2).unflatten(2, x_NCHW.shape[2:]))


class Resample(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.resample = nn.ModuleDict({"1": nn.Conv2d(inputs, outputs, 3)})


class Downsample(Resample):
    def __init__(self, channels, halves_time):
        super().__init__(channels, channels)
        self.time_conv = CausalConv(channels, channels, 3, 1) if halves_time else None

    def forward(self, x, frames):
        conv = self.resample["1"]
        x = F.conv2d(F.pad(x, (0, 1, 0, 1)), conv.weight, conv.bias, stride=2)
        if self.time_conv is None:
            return x, frames
        return self.time_conv.halve_time(x, frames), (frames + 1) // 2


class Upsample(Resample):
    def __init__(self, channels, doubles_time):
        super().__init__(channels, channels // 2)
        self.time_conv = CausalConv(channels, 2 * channels, 3, 1) if doubles_time else None

    def forward(self, x, frames):
        if self.time_conv is not None and frames > 1:
            x, frames = self.doubled(x, frames)
        conv = self.resample["1"]
        x = F.interpolate(x, scale_factor=2.0, mode="nearest")
        return F.conv2d(x, conv.weight, conv.bias, padding=1), frames

    def doubled(self, x, frames):
        """The first frame passes, and to the later ones it is as if zeros stood in its place."""
        clip = x.unflatten(0, (-1, frames))
        later = clip[:, 1:].flatten(0, 1)
        pairs = self.time_conv(later, frames - 1).unflatten(1, (2, -1))
        pairs = pairs.flatten(0, 1).unflatten(0, (clip.shape[0], -1))
        return torch.cat([clip[:, :1], pairs], 1).flatten(0, 1), 2 * frames - 1


class Stack(nn.Module):
    """conv1, levels, middle and head are called alike in both halves."""

    def run(self, layers, x, frames):
        for layer in layers:
            made = layer(x, frames)
            x, frames = made if isinstance(made, tuple) else (made, frames)
        return x, frames


def middle_of(channels):
    return nn.ModuleList(
        [ResidualBlock(channels, channels), FrameAttention(channels), ResidualBlock(channels, channels)]
    )


def head_of(inputs, outputs):
    return nn.ModuleDict({"0": ChannelNorm(inputs, 3), "2": CausalConv(inputs, outputs, 3, 3)})


class Encoder(Stack):
    def __init__(self, shape):
        super().__init__()
        widths = [shape.dim * mult for mult in shape.dim_mult]
        self.conv1 = CausalConv(3, shape.dim, 3, 3)
        self.downsamples = nn.ModuleList()
        channels = shape.dim
        for level, width in enumerate(widths):
            for _ in range(shape.num_res_blocks):
                self.downsamples.append(ResidualBlock(channels, width))
                channels = width
            if level + 1 < len(widths):
                self.downsamples.append(Downsample(width, shape.temporal_downsample[level]))
        self.middle = middle_of(channels)
        self.head = head_of(channels, 2 * shape.z_dim)

    def forward(self, x, frames):
        x = self.conv1(x, frames)
        x, frames = self.run(self.downsamples, x, frames)
        x, frames = self.run(self.middle, x, frames)
        return self.head["2"](self.head["0"].with_silu(x), frames), frames


class Decoder(Stack):
    def __init__(self, shape):
        super().__init__()
        widths = [shape.dim * mult for mult in shape.dim_mult]
        channels = widths[-1]
        self.conv1 = CausalConv(shape.z_dim, channels, 3, 3)
        self.middle = middle_of(channels)
        self.upsamples = nn.ModuleList()
        for level in reversed(range(len(widths))):
            for _ in range(shape.num_res_blocks + 1):
                self.upsamples.append(ResidualBlock(channels, widths[level]))
                channels = widths[level]
            if level > 0:
                self.upsamples.append(Upsample(channels, shape.temporal_downsample[level - 1]))
                channels //= 2
        self.head = head_of(channels, 3)

    def forward(self, x, frames):
        x = self.conv1(x, frames)
        x, frames = self.run(self.middle, x, frames)
        x, frames = self.run(self.upsamples, x, frames)
        return self.head["2"](self.head["0"].with_silu(x), frames), frames


def images_of(x_BCTHW):
    """[B T, C, H, W], channels last in memory."""
    return x_BCTHW.transpose(1, 2).flatten(0, 1).contiguous(memory_format=torch.channels_last)


def clip_of(x_NCHW, frames):
    return x_NCHW.unflatten(0, (-1, frames)).transpose(1, 2)


class Vae(nn.Module):
    """Latents are raw here; `normed` and `raw` go between them and those of the transformer."""

    def __init__(self, shape):
        super().__init__()
        self.shape = shape
        self.encoder = Encoder(shape)
        self.decoder = Decoder(shape)
        self.conv1 = CausalConv(2 * shape.z_dim, 2 * shape.z_dim, 1, 1)
        self.conv2 = CausalConv(shape.z_dim, shape.z_dim, 1, 1)
        self.register_buffer("mean", torch.zeros(shape.z_dim), persistent=False)
        self.register_buffer("std", torch.ones(shape.z_dim), persistent=False)

    def moments(self, video_BCTHW):
        """Mean and logarithm of the variance: [B, z, F, Y, X] each. T is 1 + 4 k."""
        x, frames = self.encoder(images_of(video_BCTHW), video_BCTHW.shape[2])
        return clip_of(self.conv1(x, frames), frames).chunk(2, 1)

    def decode_raw(self, latent_BCFYX):
        frames = latent_BCFYX.shape[2]
        x, frames = self.decoder(self.conv2(images_of(latent_BCFYX), frames), frames)
        return clip_of(x, frames)

    def encode(self, video_BCTHW):
        return self.normed(self.moments(video_BCTHW)[0].float())

    def decode(self, latent_BCFYX):
        return self.decode_raw(self.raw(latent_BCFYX)).float()

    def normed(self, raw):
        return (raw - self.mean.view(1, -1, 1, 1, 1)) / self.std.view(1, -1, 1, 1, 1)

    def raw(self, normed):
        return normed * self.std.view(1, -1, 1, 1, 1) + self.mean.view(1, -1, 1, 1, 1)
