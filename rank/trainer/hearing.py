"""Teaches the audio tokens of the transformer to hold how a person moves, which the picture's loss alone teaches
slowly: the mouth is a few of a film's numbers."""

import torch
from torch import nn

from .faces.pose import POSE
from .models.transformer import BLOCK_FRAMES, BLOCK_VIDEO_FRAMES

FRAMES_OF_TOKEN = BLOCK_VIDEO_FRAMES // BLOCK_FRAMES
WEIGHTS = (3.0, 1.0, 1.0, 1.0, 1.0, 1.0)  # of POSE


class PoseTeller(nn.Module):
    """Reads the poses of a latent frame's video frames from its audio tokens. Of training only."""

    def __init__(self, shape):
        super().__init__()
        poses = FRAMES_OF_TOKEN * len(POSE)
        self.of_global = nn.Linear(shape.dim, poses)
        self.of_local = nn.Linear(shape.dim * shape.audio_heads, poses)
        self.register_buffer("weights", torch.tensor(WEIGHTS).repeat(FRAMES_OF_TOKEN), persistent=False)

    def loss(self, tokens, pose_BVP):
        """`tokens` as AudioEncoder.blocks gives them; V video frames."""
        wanted = pose_BVP.float().unflatten(1, (-1, FRAMES_OF_TOKEN)).flatten(2)
        heads = self.of_local.in_features // self.of_global.in_features
        told = self.of_global(tokens[0]), self.of_local(tokens[1][:, :, :heads].flatten(2))
        return sum(((t.float() - wanted).square() * self.weights).mean() for t in told)
