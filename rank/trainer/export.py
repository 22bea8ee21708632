"""Writes what the stages left as a checkpoint folder in the published layout, in float16."""

import json
import shutil

import torch
from safetensors.torch import save_file

from . import sizes, stage_files
from .models.wav2vec2 import KERNELS, STRIDES

SPEECH_FOLDER = "wav2vec2-large-xlsr-53-english"  # the published folder's names
TOKENIZER = "google/umt5-xxl/spiece.model"


def transformer_config():
    shape = sizes.TRANSFORMER
    return {
        "_class_name": "WanModel_S2V",
        "model_type": "s2v",
        "patch_size": [1, 2, 2],
        "dim": shape.dim,
        "ffn_dim": shape.ffn_dim,
        "freq_dim": shape.freq_dim,
        "num_heads": shape.heads,
        "num_layers": shape.layers,
        "text_len": shape.text_len,
        "text_dim": shape.text_dim,
        "in_dim": shape.channels,
        "out_dim": shape.channels,
        "cond_dim": shape.channels,
        "audio_dim": shape.audio_dim,
        "num_audio_token": shape.audio_heads,
        "num_audio_layers": shape.audio_layers,
        "audio_inject_layers": list(shape.inject),
        "enable_adain": True,
        "adain_mode": "attn_norm",
        "enable_framepack": True,
        "framepack_drop_mode": "padd",
        "enable_motioner": False,
        "enable_tsm": False,
        "add_last_motion": True,
        "motion_frames": 73,
        "zero_timestep": True,
        "qk_norm": True,
        "cross_attn_norm": True,
        "window_size": [-1, -1],
        "eps": shape.eps,
        "trained_size": f"{sizes.FRAME_SIDE}*{sizes.FRAME_SIDE}",  # what a job that says no size takes
        "vae": vae_sizes(),  # for the planner's memory
    }


def speech_config():
    shape = sizes.SPEECH
    return {
        "model_type": "wav2vec2",
        "transformers_version": "4.40.0",  # whose last hidden state is normed
        "hidden_size": shape.width,
        "num_hidden_layers": shape.layers,
        "num_attention_heads": shape.heads,
        "intermediate_size": shape.ffn_width,
        "hidden_act": "gelu",
        "layer_norm_eps": 1e-05,
        "feat_extract_norm": "layer",
        "feat_extract_activation": "gelu",
        "conv_dim": [shape.channels] * len(STRIDES),
        "conv_stride": list(STRIDES),
        "conv_kernel": list(KERNELS),
        "conv_bias": True,
        "num_conv_pos_embeddings": shape.position_kernel,
        "num_conv_pos_embedding_groups": shape.position_groups,
        "do_stable_layer_norm": True,
    }


def vae_sizes():
    shape = sizes.VAE
    return {
        "dim": shape.dim,
        "z_dim": shape.z_dim,
        "dim_mult": list(shape.dim_mult),
        "num_res_blocks": shape.num_res_blocks,
        "temporal_downsample": list(shape.temporal_downsample),
    }


def vae_config(mean, std):
    return {
        **vae_sizes(),
        "latent_mean": [round(value, 6) for value in mean.tolist()],
        "latent_std": [round(value, 6) for value in std.tolist()],
    }


def write_json(path, document):
    path.write_text(json.dumps(document, indent=1) + "\n")


def write_tensors(path, tensors):
    stored = {name: t.detach().cpu().half().contiguous() for name, t in tensors.items()}
    for name, tensor in stored.items():
        if not torch.isfinite(tensor).all():
            raise SystemExit(f"{path}: {name} does not fit into float16")
    save_file(stored, path)


def below(weights, prefix):
    return {name.removeprefix(prefix): t for name, t in weights.items() if name.startswith(prefix)}


def run(folder, model):
    vae, audio, speaker = (
        stage_files.needed(folder, stage, "cpu") for stage in ("vae", "audio", "transformer")
    )
    speech = model / SPEECH_FOLDER
    for place in (model, speech, (model / TOKENIZER).parent):
        place.mkdir(parents=True, exist_ok=True)
    write_json(model / "config.json", transformer_config())
    write_tensors(model / "diffusion_pytorch_model.safetensors", below(speaker["model"], "transformer."))
    write_tensors(model / "models_t5_umt5-xxl-enc-bf16.safetensors", below(speaker["model"], "text."))
    write_json(model / "Wan2.1_VAE.json", vae_config(vae["mean"], vae["std"]))
    write_tensors(model / "Wan2.1_VAE.safetensors", vae["model"])
    write_json(speech / "config.json", speech_config())
    write_tensors(speech / "model.safetensors", below(audio["model"], "encoder."))
    shutil.copyfile(folder / "spiece.model", model / TOKENIZER)
    size = sum(path.stat().st_size for path in model.rglob("*") if path.is_file())
    print(f"{model}: {size / 1e6:.2f} MB")
