#pragma once

#include "rank/engine/audio/wav2vec2.h"

namespace longtake {

/// The published hop and field (320 and 400 samples), all else small.
inline Wav2Vec2Config small_wav2vec2() {
  Wav2Vec2Config config;
  config.conv_channels = {8, 8, 8, 8, 8, 8, 8};
  config.conv_strides = {5, 2, 2, 2, 2, 2, 2};
  config.conv_kernels = {10, 3, 3, 3, 3, 2, 2};
  config.conv_bias = true;
  config.width = 16;
  config.layers = 2;
  config.heads = 2;
  config.ffn_width = 32;
  config.position_kernel = 16;
  config.position_groups = 4;
  return config;
}

}  // namespace longtake
