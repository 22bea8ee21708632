"""The sizes of the tiny checkpoint. Everything that the stages share and the exported configs say."""

from .models.transformer import TransformerShape
from .models.umt5 import UmT5Shape
from .models.vae import VaeShape
from .models.wav2vec2 import Wav2Vec2Shape

FRAME_SIDE = 128
VOCABULARY = 400  # of the tokenizer

VAE = VaeShape(dim=24, dim_mult=(1, 2, 3, 3), num_res_blocks=1)
SPEECH = Wav2Vec2Shape(
    channels=64, width=96, ffn_width=384, layers=4, heads=4, position_kernel=32, position_groups=4
)
TEXT = UmT5Shape(vocabulary=VOCABULARY, width=96, attention_width=96, ffn_width=192, heads=3, layers=2)
TRANSFORMER = TransformerShape(
    dim=256,
    ffn_dim=512,
    heads=4,
    layers=6,
    text_dim=TEXT.width,
    text_len=64,
    audio_dim=SPEECH.width,
    audio_layers=SPEECH.layers + 1,
    inject=(0, 2, 4),
)
LATENT_SIDE = FRAME_SIDE // 8
