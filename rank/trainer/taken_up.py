"""Leaves the weights of an exported checkpoint where the stages look for what is there, so that they go on from it."""

import json
import shutil

import torch
from safetensors.torch import load_file

from . import stage_files
from .export import SPEECH_FOLDER, TOKENIZER


def run(folder, model):
    config = json.loads((model / "Wan2.1_VAE.json").read_text())
    statistics = {name: torch.tensor(config[f"latent_{name}"]) for name in ("mean", "std")}
    stage_files.save(folder, "vae", {"model": weights(model / "Wan2.1_VAE.safetensors"), **statistics})
    speech = weights(model / SPEECH_FOLDER / "model.safetensors", "encoder.")
    stage_files.save(folder, "audio", {"model": speech})
    speaker = weights(model / "diffusion_pytorch_model.safetensors", "transformer.")
    speaker["transformer.casual_audio_encoder.weights"].fill_(
        1
    )  # hearing is learned first, whatever they were
    speaker.update(weights(model / "models_t5_umt5-xxl-enc-bf16.safetensors", "text."))
    stage_files.save(folder, "transformer", {"model": speaker})
    shutil.copyfile(model / TOKENIZER, folder / "spiece.model")


def weights(file, prefix=""):
    return {prefix + name: tensor.float() for name, tensor in load_file(file).items()}
