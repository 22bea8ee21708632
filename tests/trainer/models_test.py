"""The trainer's models against the reference tensors of the published ones.

    PYTHONPATH=rank python3 tests/trainer/models_test.py

Needs PyTorch and safetensors. The same tensors prove the engine (tests/engine), so that what is trained here
is what the engine runs.
"""

import json
import os
import pathlib
import unittest

import torch
from safetensors.torch import load_file

from trainer.models.transformer import Transformer, TransformerShape
from trainer.models.umt5 import UmT5, UmT5Shape
from trainer.models.vae import Vae, VaeShape
from trainer.models.wav2vec2 import Wav2Vec2, Wav2Vec2Shape, at_25fps

FOLDER = pathlib.Path(os.environ.get("LONGTAKE_REFERENCE_DIR", "tests/reference"))
MODULE, ROLLOUT = 1e-4, 1e-3  # relative errors


def document(name):
    return json.loads((FOLDER / name).read_text())


def tensors(name):
    return load_file(FOLDER / name)


def relative_error(made, expected):
    return ((made - expected).norm() / expected.norm()).item()


class ReferenceTest(unittest.TestCase):
    def setUp(self):
        torch.set_num_threads(1)
        torch.set_grad_enabled(False)

    def assert_same(self, made, expected, limit=MODULE):
        self.assertEqual(tuple(made.shape), tuple(expected.shape))
        self.assertLess(relative_error(made, expected), limit)


class VaeTest(ReferenceTest):
    def setUp(self):
        super().setUp()
        shape = document("meta.json")["vae"]
        self.io = tensors("vae_io.safetensors")
        self.vae = Vae(
            VaeShape(shape["dim"], shape["z_dim"], tuple(shape["dim_mult"]), shape["num_res_blocks"])
        )
        self.vae.load_state_dict(tensors("vae_weights.safetensors"))
        self.vae.mean.copy_(self.io["latent_mean"])
        self.vae.std.copy_(self.io["latent_std"])

    def test_encodes_a_video(self):
        self.assert_same(self.vae.encode(self.io["video"]), self.io["latent"])

    def test_encodes_an_image(self):
        self.assert_same(self.vae.encode(self.io["image"]), self.io["image_latent"])

    def test_decodes_a_video(self):
        self.assert_same(self.vae.decode(self.io["latent"]), self.io["decoded"])

    def test_a_stream_is_the_clip_decoded_whole(self):
        parts = [self.io[f"z{i}"] for i in (1, 2, 3)]
        streams = [self.io[f"stream{i}"] for i in (1, 2, 3)]
        self.assert_same(self.vae.decode(torch.cat(parts, 2)), torch.cat(streams, 2))


class TextTest(ReferenceTest):
    def test_encodes_padded_texts(self):
        shape = document("meta.json")["t5"]
        model = UmT5(
            UmT5Shape(
                shape["vocab"],
                shape["dim"],
                shape["dim_attn"],
                shape["dim_ffn"],
                shape["num_heads"],
                shape["num_layers"],
            )
        )
        model.load_state_dict(tensors("t5_weights.safetensors"))
        io = tensors("t5_io.safetensors")
        made = model(io["ids"], io["mask"])
        self.assert_same(made, io["output"] * io["mask"].unsqueeze(-1))


class SpeechTest(ReferenceTest):
    def test_gives_the_hidden_states_and_their_25_fps(self):
        config = document("wav2vec2_config.json")
        model = Wav2Vec2(
            Wav2Vec2Shape(
                config["conv_dim"][0],
                config["hidden_size"],
                config["intermediate_size"],
                config["num_hidden_layers"],
                config["num_attention_heads"],
                config["num_conv_pos_embeddings"],
                config["num_conv_pos_embedding_groups"],
                last_state_normed=int(config["transformers_version"].split(".")[0]) < 5,
            )
        )
        weights = tensors("wav2vec2_weights.safetensors")
        weights = {name.removeprefix("wav2vec2."): t for name, t in weights.items()}
        weights.pop("masked_spec_embed")
        model.load_state_dict(weights)
        io = tensors("wav2vec2_io.safetensors")
        states = model(io["input_values"])
        self.assert_same(states[0], io["hidden_states"])
        expected = io["bucket_25fps"].permute(1, 2, 0)
        self.assert_same(at_25fps(states, expected.shape[2])[0], expected)


class TransformerTest(ReferenceTest):
    def setUp(self):
        super().setUp()
        config = document("dit_config.json")
        self.shape = TransformerShape(
            config["dim"],
            config["ffn_dim"],
            config["num_heads"],
            config["num_layers"],
            config["text_dim"],
            config["text_len"],
            config["audio_dim"],
            config["num_audio_layers"],
            tuple(config["audio_inject_layers"]),
            freq_dim=config["freq_dim"],
        )
        self.model = Transformer(self.shape)
        self.model.load_state_dict(tensors("dit_weights.safetensors"))
        self.io = tensors("dit_rollout.safetensors")

    def sink(self):
        self.text = self.model.words(self.io["context"].unsqueeze(0))
        return self.model.make_sink(self.io["ref_latents"], self.io["motion_latents"], self.text)

    def test_hears(self):
        io = tensors("dit_audio_encoder.safetensors")
        made, local = self.model.casual_audio_encoder(io["audio_in"])
        self.assert_same(made, io["audio_global"].squeeze(2))
        self.assert_same(local, io["audio_local"])

    def test_fills_the_sink(self):
        sink = self.sink()
        for index, (reference, _, values) in enumerate(sink.layers):
            keys = self.io[f"sink.cond_k.{index}"]
            self.assert_same(reference, keys[:, : sink.reference_tokens])
            self.assert_same(values, self.io[f"sink.cond_v.{index}"])

    def test_all_blocks_at_once_are_the_loop_with_its_rolling_cache(self):
        noise = self.io["noise"]
        clips, _, frames = noise.shape[:3]
        sink = self.sink()
        audio = self.model.casual_audio_encoder.blocks(self.io["audio_features"])
        latent = torch.cat(list(noise), 1).unsqueeze(0)
        blocks = clips * frames // 3
        distance = torch.full((1, blocks), document("meta.json")["dit"]["randint_value"])
        sigmas = self.io["sigmas"]
        for step, timestep in enumerate(self.io["timesteps"]):
            velocity = self.model.velocity(
                latent,
                timestep[None].float(),
                sink,
                self.text,
                audio,
                torch.zeros(1).long(),
                distance,
                self.io["pose_latents"],
            )
            latent = latent + (sigmas[step + 1] - sigmas[step]) * velocity
            for block in range(blocks):
                clip, within = divmod(block, frames // 3)
                place = slice(3 * block, 3 * block + 3)
                name = f"{clip}.{within}.{step}"
                for made, kind in ((velocity, "velocity"), (latent, "latent")):
                    expected = self.io[f"{kind}.{name}"]
                    self.assert_same(made[0, :, place], expected.reshape(made[0, :, place].shape), ROLLOUT)


if __name__ == "__main__":
    unittest.main()
