"""Reads an exported checkpoint folder back into the trainer's models."""

import json

import torch
from safetensors.torch import load_file

from . import sizes
from .export import SPEECH_FOLDER, TOKENIZER
from .models.transformer import Transformer
from .models.umt5 import UmT5
from .models.vae import Vae
from .models.wav2vec2 import Wav2Vec2
from .prompts import Tokens


class Checkpoint:
    def __init__(self, folder):
        self.transformer = loaded(
            Transformer(sizes.TRANSFORMER), folder / "diffusion_pytorch_model.safetensors"
        )
        self.text = loaded(UmT5(sizes.TEXT), folder / "models_t5_umt5-xxl-enc-bf16.safetensors")
        self.speech = loaded(Wav2Vec2(sizes.SPEECH), folder / SPEECH_FOLDER / "model.safetensors")
        self.vae = loaded(Vae(sizes.VAE), folder / "Wan2.1_VAE.safetensors")
        config = json.loads((folder / "Wan2.1_VAE.json").read_text())
        self.vae.mean.copy_(torch.tensor(config["latent_mean"]))
        self.vae.std.copy_(torch.tensor(config["latent_std"]))
        self.tokens = Tokens(folder / TOKENIZER, sizes.TRANSFORMER.text_len)


def loaded(model, file):
    model.load_state_dict(load_file(file))
    return model.float().eval().requires_grad_(False)
