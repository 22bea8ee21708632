"""wav2vec 2.0 with layer-normed convolutions and stable layer norm; names as Hugging Face writes them."""

# B batch, S samples, T feature frames (50 a second), C channels, D width, Z hidden states
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional as F

STRIDES = (5, 2, 2, 2, 2, 2, 2)
KERNELS = (10, 3, 3, 3, 3, 2, 2)


@dataclass(frozen=True)
class Wav2Vec2Shape:
    channels: int  # of every convolution
    width: int
    ffn_width: int
    layers: int
    heads: int
    position_kernel: int
    position_groups: int
    last_state_normed: bool = True


class Convolution(nn.Module):
    def __init__(self, inputs, outputs, kernel, stride):
        super().__init__()
        self.conv = nn.Conv1d(inputs, outputs, kernel, stride)
        self.layer_norm = nn.LayerNorm(outputs)

    def forward(self, x_BCT):
        return F.gelu(self.layer_norm(self.conv(x_BCT).transpose(1, 2))).transpose(1, 2)


class FeatureExtractor(nn.Module):
    def __init__(self, shape):
        super().__init__()
        inputs = [1] + [shape.channels] * (len(STRIDES) - 1)
        self.conv_layers = nn.ModuleList(
            Convolution(i, shape.channels, k, s) for i, k, s in zip(inputs, KERNELS, STRIDES)
        )

    def forward(self, samples_BS):
        x = samples_BS.unsqueeze(1)
        for layer in self.conv_layers:
            x = layer(x)
        return x.transpose(1, 2)


class FeatureProjection(nn.Module):
    def __init__(self, shape):
        super().__init__()
        self.layer_norm = nn.LayerNorm(shape.channels)
        self.projection = nn.Linear(shape.channels, shape.width)

    def forward(self, x_BTC):
        return self.projection(self.layer_norm(x_BTC))


class PositionFilter(nn.Module):
    """A convolution whose weight is g * v / |v|, the length taken over all but the last dimension."""

    def __init__(self, shape):
        super().__init__()
        self.groups = shape.position_groups
        v = torch.randn(shape.width, shape.width // shape.position_groups, shape.position_kernel)
        self.weight_v = nn.Parameter(v * 0.05)
        self.weight_g = nn.Parameter(self.weight_v.detach().square().sum((0, 1), keepdim=True).sqrt())
        self.bias = nn.Parameter(torch.zeros(shape.width))

    def forward(self, x_BDT):
        length = self.weight_v.square().sum((0, 1), keepdim=True).sqrt()
        weight = self.weight_v * (self.weight_g / length)
        made = F.conv1d(x_BDT, weight, self.bias, padding=weight.shape[2] // 2, groups=self.groups)
        return made[..., : x_BDT.shape[2]]  # an even kernel gives one frame too many


class Attention(nn.Module):
    def __init__(self, shape):
        super().__init__()
        self.heads = shape.heads
        for name in ("q_proj", "k_proj", "v_proj", "out_proj"):
            setattr(self, name, nn.Linear(shape.width, shape.width))

    def forward(self, x_BTD):
        q, k, v = (
            linear(x_BTD).unflatten(-1, (self.heads, -1)).transpose(1, 2)
            for linear in (self.q_proj, self.k_proj, self.v_proj)
        )
        return self.out_proj(F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2))


class FeedForward(nn.Module):
    def __init__(self, shape):
        super().__init__()
        self.intermediate_dense = nn.Linear(shape.width, shape.ffn_width)
        self.output_dense = nn.Linear(shape.ffn_width, shape.width)

    def forward(self, x):
        return self.output_dense(F.gelu(self.intermediate_dense(x)))


class Layer(nn.Module):
    def __init__(self, shape):
        super().__init__()
        self.layer_norm = nn.LayerNorm(shape.width)
        self.attention = Attention(shape)
        self.final_layer_norm = nn.LayerNorm(shape.width)
        self.feed_forward = FeedForward(shape)

    def forward(self, x):
        x = x + self.attention(self.layer_norm(x))
        return x + self.feed_forward(self.final_layer_norm(x))


class Encoder(nn.Module):
    def __init__(self, shape):
        super().__init__()
        self.pos_conv_embed = nn.ModuleDict({"conv": PositionFilter(shape)})
        self.layers = nn.ModuleList(Layer(shape) for _ in range(shape.layers))
        self.layer_norm = nn.LayerNorm(shape.width)
        self.last_state_normed = shape.last_state_normed

    def forward(self, x_BTD):
        x = x_BTD + F.gelu(self.pos_conv_embed["conv"](x_BTD.transpose(1, 2))).transpose(1, 2)
        states = [x]
        for layer in self.layers:
            states.append(layer(states[-1]))
        if self.last_state_normed:
            states[-1] = self.layer_norm(states[-1])
        return torch.stack(states, 1)


class Wav2Vec2(nn.Module):
    def __init__(self, shape):
        super().__init__()
        self.shape = shape
        self.feature_extractor = FeatureExtractor(shape)
        self.feature_projection = FeatureProjection(shape)
        self.encoder = Encoder(shape)

    def forward(self, samples_BS):
        """All hidden states: [B, Z, T, D]. The samples have zero mean and unit variance."""
        return self.encoder(self.feature_projection(self.feature_extractor(samples_BS)))


def at_25fps(states_BZTD, frames):
    """What the engine feeds: 50 a second to 30, ends on ends, then the nearest of those for each video
    frame; zeros behind the end. [B, Z, D, frames]."""
    before = states_BZTD.shape[2]
    made = before * 3 // 5
    video = torch.arange(frames, device=states_BZTD.device)
    nearest = (12 * video + 5) // 10
    heard = nearest < made
    place = nearest.clamp_max(made - 1).double() * (before - 1) / max(made - 1, 1)
    low = place.floor().long()
    share = (place - low).to(states_BZTD.dtype)[:, None]
    high = (low + 1).clamp_max(before - 1)
    mixed = torch.lerp(states_BZTD[:, :, low], states_BZTD[:, :, high], share)
    return (mixed * heard[:, None].to(mixed.dtype)).transpose(2, 3)
