#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <map>
#include <vector>

#include "rank/engine/pipeline/clip_shape.h"
#include "rank/engine/pipeline/conditioning.h"
#include "rank/engine/pipeline/denoiser.h"
#include "rank/engine/pipeline/group_seat.h"

// C channels, F latent frames, Y latent rows, X latent columns, W words, E width of an encoder, Z layers of
// the speech encoder, V video frames
namespace longtake {

/// What the encoders make of a job's prompt, image and speech. A stage has what it encoded or uses; the rest
/// is undefined. Tensors are on any device.
struct EncodedInputs {
  at::Tensor words_WE;
  at::Tensor null_words_WE;
  at::Tensor reference_CFYX;
  at::Tensor motion_CFYX;
  std::map<std::int64_t, at::Tensor> features_ZEV;  ///< by clip

  Prompt prompt(double guide_scale) const;
  /// Must not outlive these.
  Conditioning conditioning() const;
};

/// What a segment needs of them.
struct WantedInputs {
  ClipShape clip;
  bool needs_null_prompt = false;
  std::vector<std::int64_t> clips;  ///< whose speech is heard
};

/// Gives all stages of a group what they use: the words to those with layers, image and speech to the first
/// of each row. Every stage calls it; `own` is what the stage has encoded.
EncodedInputs share_inputs(const GroupSeat& seat, const WantedInputs& wanted, EncodedInputs own);

}  // namespace longtake
