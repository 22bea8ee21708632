"""The causal speech-to-video transformer, over many blocks at once.

A block's keys at one noise level come from the latents that enter that level, and nothing else of that
level. So all blocks of a clip can be computed side by side with the window as a mask: the numbers are those
of the engine's loop with its rolling cache.
"""

# B batch, N blocks, L tokens of a block, S tokens of the sink, R of them the reference's, M motion's,
# D width, H heads, K head width, J pairs of a head, C channels, F latent frames, Y rows, X columns,
# W words, Z layers of the speech encoder, E its width, V video frames
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional as F

from .rope import RopeGrid, rotated

BLOCK_FRAMES = 3  # latent frames
BLOCK_VIDEO_FRAMES = 12
WINDOW_BLOCKS = 4
REFERENCE_FRAME = 30
AUDIO_REACH = 5  # video frames before a block that its tokens' convolutions reach back to
ADAIN_EPS = 1e-5
NOISY, REFERENCE, MOTION = 0, 1, 2  # rows of trainable_cond_mask
BUCKETS = (("proj", 1), ("proj_2x", 2), ("proj_4x", 16))  # motion latent frames, from the newest on


@dataclass(frozen=True)
class TransformerShape:
    dim: int
    ffn_dim: int
    heads: int
    layers: int
    text_dim: int
    text_len: int
    audio_dim: int
    audio_layers: int
    inject: tuple
    freq_dim: int = 256
    audio_heads: int = 4
    channels: int = 16
    eps: float = 1e-6


class RmsNorm(nn.Module):
    def __init__(self, width, eps):
        super().__init__()
        self.eps = eps
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x):
        wide = x.float()
        return (wide * (wide.square().mean(-1, keepdim=True) + self.eps).rsqrt()).to(x.dtype) * self.weight


class Projections(nn.Module):
    """q, k, v, o; queries and keys normed over the whole width."""

    def __init__(self, dim, heads, eps):
        super().__init__()
        self.heads = heads
        for name in "qkvo":
            setattr(self, name, nn.Linear(dim, dim))
        self.norm_q = RmsNorm(dim, eps)
        self.norm_k = RmsNorm(dim, eps)
        nn.init.zeros_(self.o.bias)

    def queries(self, x):
        return self.norm_q(self.q(x)).unflatten(-1, (self.heads, -1))

    def keys(self, x):
        return self.norm_k(self.k(x)).unflatten(-1, (self.heads, -1))

    def values(self, x):
        return self.v(x).unflatten(-1, (self.heads, -1))

    def cross(self, x, context):
        """`x` [B', T, D] attends to `context` [B', M, D]."""
        return self.o(attend(self.queries(x), self.keys(context), self.values(context)))


def attend(q_BLHK, k_BSHK, v_BSHK, mask=None):
    q, k, v = (t.transpose(1, 2) for t in (q_BLHK, k_BSHK, v_BSHK))
    dtype = v.dtype
    heard = F.scaled_dot_product_attention(q.to(dtype), k.to(dtype), v, attn_mask=mask)
    return heard.transpose(1, 2).flatten(2)


def norm(x, eps):
    return F.layer_norm(x.float(), x.shape[-1:], eps=eps)


class Layer(nn.Module):
    def __init__(self, shape):
        super().__init__()
        dim = shape.dim
        self.eps = shape.eps
        self.modulation = nn.Parameter(torch.randn(1, 6, dim) / dim**0.5)
        self.self_attn = Projections(dim, shape.heads, shape.eps)
        self.cross_attn = Projections(dim, shape.heads, shape.eps)
        self.norm3 = nn.LayerNorm(dim, eps=shape.eps)
        self.ffn = nn.ModuleDict({"0": nn.Linear(dim, shape.ffn_dim), "2": nn.Linear(shape.ffn_dim, dim)})

    def run_sink(self, x_BSD, time_B6D, text_BWD, turn_SJ, reference_tokens):
        """Returns the tokens and what blocks see of them: keys, the reference's not turned, and values."""
        shift, scale, gate, *ffn = (self.modulation + time_B6D).unsqueeze(2).unbind(1)
        normed = norm(x_BSD, self.eps) * (1 + scale) + shift
        q, k, v = (f(normed) for f in (self.self_attn.queries, self.self_attn.keys, self.self_attn.values))
        turned = rotated(k, turn_SJ)
        heard = attend(rotated(q, turn_SJ), turned, v)
        x_BSD = x_BSD + self.self_attn.o(heard) * gate
        x_BSD = self.text_and_ffn(x_BSD, text_BWD, ffn)
        return x_BSD, (k[:, :reference_tokens], turned[:, reference_tokens:], v)

    def text_and_ffn(self, x, text_BWD, ffn):
        shift, scale, gate = ffn
        x = x + self.cross_attn.cross(self.norm3(x), text_BWD)
        inner = self.ffn["0"](norm(x, self.eps) * (1 + scale) + shift)
        return x + self.ffn["2"](F.gelu(inner, approximate="tanh")) * gate

    def run_blocks(self, x_BNLD, time_B6D, text_BWD, sink, turns, mask):
        """`turns`: of the blocks' tokens [B, N, L, J] and of the reference's keys [B, N, R, J]. Without a
        mask blocks see nothing before them."""
        batch, blocks, tokens, _ = x_BNLD.shape
        shift, scale, gate, *ffn = (self.modulation + time_B6D)[:, :, None, None].unbind(1)
        normed = norm(x_BNLD, self.eps) * (1 + scale) + shift
        block_turn, reference_turn = turns
        q = rotated(self.self_attn.queries(normed), block_turn)
        k = rotated(self.self_attn.keys(normed), block_turn)
        v = self.self_attn.values(normed)
        raw_reference, motion, sink_v = (t.unsqueeze(1).expand(-1, blocks, -1, -1, -1) for t in sink)
        seen = windows if mask is not None else lambda x: x
        keys = torch.cat([rotated(raw_reference, reference_turn), motion.to(k.dtype), seen(k)], 2)
        values = torch.cat([sink_v, seen(v)], 2)
        heard = attend(q.flatten(0, 1), keys.flatten(0, 1), values.flatten(0, 1), mask)
        x_BNLD = x_BNLD + self.self_attn.o(heard).unflatten(0, (batch, blocks)) * gate
        flat = [part.flatten(1, 2) for part in ffn]
        return self.text_and_ffn(x_BNLD.flatten(1, 2), text_BWD, flat).unflatten(1, (blocks, tokens))


def windows(x_BNLHK):
    """For every block what it and the WINDOW_BLOCKS - 1 before it hold: [B, N, 4 L, H, K]."""
    blocks, before = x_BNLHK.shape[1], WINDOW_BLOCKS - 1
    padded = F.pad(x_BNLHK, (0, 0, 0, 0, 0, 0, before, 0))
    return torch.cat([padded[:, i : i + blocks] for i in range(WINDOW_BLOCKS)], 2)


def window_mask(batch, blocks, sink_tokens, tokens, device):
    """[B N, 1, 1, keys]: what stands before the first block is not seen."""
    place = torch.arange(blocks, device=device)[:, None] - torch.arange(
        WINDOW_BLOCKS - 1, -1, -1, device=device
    )
    seen = (place >= 0).repeat_interleave(tokens, 1)
    seen = torch.cat([seen.new_ones(blocks, sink_tokens), seen], 1)
    return seen[None].expand(batch, -1, -1).flatten(0, 1)[:, None, None]


class AdaIn(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.linear = nn.Linear(dim, 2 * dim)
        nn.init.zeros_(self.linear.weight)
        nn.init.zeros_(self.linear.bias)


class AudioInjector(nn.Module):
    def __init__(self, shape):
        super().__init__()
        self.injector = nn.ModuleList(Projections(shape.dim, shape.heads, 1e-6) for _ in shape.inject)
        self.injector_adain_layers = nn.ModuleList(AdaIn(shape.dim) for _ in shape.inject)

    def inject(self, index, x_BNLD, audio):
        return injected(self.injector_adain_layers[index], self.injector[index], x_BNLD, *audio)


def injected(adain, injector, x_BNLD, global_BGD, local_BGPD):
    """G = 3 N latent frames; every frame's tokens hear their own frame."""
    batch, blocks = x_BNLD.shape[:2]
    x = x_BNLD.unflatten(2, (BLOCK_FRAMES, -1)).flatten(0, 2)
    both = adain.linear(F.silu(global_BGD)).flatten(0, 1)
    shift, scale = both.unsqueeze(1).chunk(2, -1)
    normed = norm(x, ADAIN_EPS) * (1 + scale) + shift
    heard = injector.cross(normed, local_BGPD.flatten(0, 1))
    return (x + heard).unflatten(0, (batch, blocks, BLOCK_FRAMES)).flatten(2, 3)


class Causal1d(nn.Module):
    """Sees a frame and the two before it; the first stands in for those before it."""

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv = nn.Conv1d(inputs, outputs, 3, stride)

    def forward(self, x_BCV):
        return self.conv(F.pad(x_BCV, (2, 0), mode="replicate"))


class SpeechConvolutions(nn.Module):
    def __init__(self, shape):
        super().__init__()
        dim, self.heads = shape.dim, shape.audio_heads
        self.conv1_local = Causal1d(shape.audio_dim, dim // 4 * self.heads, 1)
        self.conv1_global = Causal1d(shape.audio_dim, dim // 4, 1)
        self.conv2 = Causal1d(dim // 4, dim // 2, 2)
        self.conv3 = Causal1d(dim // 2, dim, 2)
        self.final_linear = nn.Linear(dim, dim)
        self.padding_tokens = nn.Parameter(torch.randn(1, 1, 1, dim) * 0.02)

    @staticmethod
    def normed(x_BCV):
        return F.silu(norm(x_BCV.transpose(1, 2), 1e-6)).transpose(1, 2)

    def later(self, x_BCV):
        for conv in (self.conv2, self.conv3):
            x_BCV = conv(self.normed(x_BCV))
        return self.normed(x_BCV).transpose(1, 2)

    def forward(self, mixed_BEV):
        local = self.conv1_local(mixed_BEV).unflatten(1, (self.heads, -1))
        local = self.later(local.flatten(0, 1)).unflatten(0, (-1, self.heads)).transpose(1, 2)
        padding = self.padding_tokens[0].expand(*local.shape[:2], 1, -1)
        tokens = self.final_linear(self.later(self.conv1_global(mixed_BEV)))
        return tokens, torch.cat([local, padding], 2)


class AudioEncoder(nn.Module):
    def __init__(self, shape):
        super().__init__()
        # Of the features' layers. Not trained: near zero, where the published ones begin, a step of training
        # turns signs and lets what is heard grow without bound.
        self.weights = nn.Parameter(torch.ones(1, shape.audio_layers, 1, 1), requires_grad=False)
        self.encoder = SpeechConvolutions(shape)

    def forward(self, features_BZEV):
        """Global tokens [B, F, D] and local ones [B, F, heads + 1, D]."""
        weights = F.silu(self.weights)
        return self.encoder((features_BZEV * weights).sum(1) / weights.sum())

    def blocks(self, features_BZEV):
        """Every block hears its own frames only, its first one repeated before them."""
        batch = features_BZEV.shape[0]
        parts = features_BZEV.unflatten(3, (-1, BLOCK_VIDEO_FRAMES)).permute(0, 3, 1, 2, 4).flatten(0, 1)
        before = parts[..., :1].expand(*parts.shape[:3], AUDIO_REACH)
        tokens = self(torch.cat([before, parts], 3))
        return tuple(t[:, -BLOCK_FRAMES:].unflatten(0, (batch, -1)).flatten(1, 2) for t in tokens)


class Head(nn.Module):
    def __init__(self, shape):
        super().__init__()
        self.head = nn.Linear(shape.dim, 4 * shape.channels)
        self.modulation = nn.Parameter(torch.randn(1, 2, shape.dim) / shape.dim**0.5)
        nn.init.zeros_(self.head.weight)


def patches(channels, dim, depth, side):
    return nn.Conv3d(channels, dim, (depth, side, side), (depth, side, side))


def tokens_of(x_BDFYX):
    return x_BDFYX.flatten(2).transpose(1, 2)


def pair(inputs, width):
    return nn.ModuleDict({"0": nn.Linear(inputs, width), "2": nn.Linear(width, width)})


@dataclass
class Sink:
    """What every block sees: per layer keys and values; the tokens of the reference come first."""

    layers: list
    reference_tokens: int
    tokens: int


class Transformer(nn.Module):
    def __init__(self, shape):
        super().__init__()
        self.shape = shape
        dim, channels = shape.dim, shape.channels
        self.patch_embedding = patches(channels, dim, 1, 2)
        self.cond_encoder = patches(channels, dim, 1, 2)
        self.frame_packer = nn.ModuleDict(
            {name: patches(channels, dim, d, 2 * d) for (name, _), d in zip(BUCKETS, (1, 2, 4))}
        )
        self.trainable_cond_mask = nn.Embedding(3, dim)
        nn.init.normal_(self.trainable_cond_mask.weight, std=0.1)
        self.text_embedding = pair(shape.text_dim, dim)
        self.time_embedding = pair(shape.freq_dim, dim)
        self.time_projection = nn.ModuleDict({"1": nn.Linear(dim, 6 * dim)})
        self.blocks = nn.ModuleList(Layer(shape) for _ in range(shape.layers))
        self.casual_audio_encoder = AudioEncoder(shape)  # the published name
        self.audio_injector = AudioInjector(shape)
        self.head = Head(shape)

    def words(self, words_BWE):
        """Words padded with zeros to text_len -> [B, text_len, D]."""
        padded = F.pad(words_BWE, (0, 0, 0, self.shape.text_len - words_BWE.shape[1]))
        return self.text_embedding["2"](F.gelu(self.text_embedding["0"](padded), approximate="tanh"))

    def time(self, timestep_B):
        half = self.shape.freq_dim // 2
        place = torch.arange(half, device=timestep_B.device, dtype=torch.float64)
        angle = timestep_B.double()[:, None] * 10000.0 ** (-place / half)
        waves = torch.cat([angle.cos(), angle.sin()], 1).float()
        embedded = self.time_embedding["2"](F.silu(self.time_embedding["0"](waves)))
        return embedded, self.time_projection["1"](F.silu(embedded)).unflatten(1, (6, -1)).float()

    def kind(self, row):
        return self.trainable_cond_mask.weight[row]

    def sink_tokens(self, reference_BC1YX, motion_BCFYX):
        parts = [tokens_of(self.patch_embedding(reference_BC1YX)) + self.kind(REFERENCE)]
        end = motion_BCFYX.shape[2]
        for name, frames in BUCKETS:
            bucket = motion_BCFYX[:, :, end - frames : end]
            parts.append(tokens_of(self.frame_packer[name](bucket)) + self.kind(MOTION))
            end -= frames
        return torch.cat(parts, 1)

    def make_sink(self, reference_BC1YX, motion_BCFYX, text_BWD):
        """`motion`: 19 latent frames."""
        batch, _, _, height, width = reference_BC1YX.shape
        grid = RopeGrid(self.shape.dim // self.shape.heads, height // 2, width // 2, reference_BC1YX.device)
        x = self.sink_tokens(reference_BC1YX, motion_BCFYX)
        turn = grid.sink(REFERENCE_FRAME)
        _, time = self.time(torch.zeros(batch, device=x.device))
        layers, reference_tokens = [], grid.tokens_per_frame
        for layer in self.blocks:
            x, seen = layer.run_sink(x, time, text_BWD, turn, reference_tokens)
            layers.append(seen)
        return Sink(layers, reference_tokens, x.shape[1])

    def velocity(
        self, latent_BCFYX, timestep_B, sink, text_BWD, audio, first_frame_B, distance_BN, pose=None
    ):
        """`audio`: what casual_audio_encoder.blocks gives. `first_frame`: of the first block, in latent
        frames since its chain began, whose window is then empty. `distance`: of the sink."""
        batch, _, frames, height, width = latent_BCFYX.shape
        blocks = frames // BLOCK_FRAMES
        x = tokens_of(self.patch_embedding(latent_BCFYX))
        x = x + (self.cond_encoder.bias if pose is None else tokens_of(self.cond_encoder(pose)))
        x = (x + self.kind(NOISY)).float().unflatten(1, (blocks, -1))
        grid = RopeGrid(self.shape.dim // self.shape.heads, height // 2, width // 2, x.device)
        first = first_frame_B[:, None] + BLOCK_FRAMES * torch.arange(blocks, device=x.device)
        reference = torch.maximum(torch.full_like(first, REFERENCE_FRAME), first + distance_BN)
        turns = grid.blocks(first, BLOCK_FRAMES), grid.frame(reference)
        mask = window_mask(batch, blocks, sink.tokens, x.shape[2], x.device) if blocks > 1 else None
        embedded, time = self.time(timestep_B)
        for index, layer in enumerate(self.blocks):
            x = layer.run_blocks(x, time, text_BWD, sink.layers[index], turns, mask)
            if index in self.shape.inject:
                x = self.audio_injector.inject(self.shape.inject.index(index), x, audio)
        return self.unpatched(x, embedded, height, width)

    def unpatched(self, x_BNLD, embedded_BD, height, width):
        shift, scale = (self.head.modulation + embedded_BD[:, None].float())[:, :, None, None].unbind(1)
        made = self.head.head(norm(x_BNLD, self.shape.eps) * (1 + scale) + shift).float()
        made = made.flatten(1, 2).unflatten(1, (-1, height // 2, width // 2)).unflatten(-1, (2, 2, -1))
        return made.permute(0, 6, 1, 2, 4, 3, 5).flatten(5, 6).flatten(3, 4)


def compile_layers():
    """Fuses what layers compute. Takes half a minute at the first steps."""
    global injected
    Layer.run_blocks = torch.compile(Layer.run_blocks, dynamic=False)
    injected = torch.compile(injected, dynamic=False)
