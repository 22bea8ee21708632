#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <functional>

// C channels, Y latent rows, X latent columns, Z layers of the speech encoder, E its width, V video frames
namespace longtake {

/// What a film shows and says, besides its prompt. Tensors may be on any device. Only the first stage of a
/// row looks at it.
struct Conditioning {
  at::Tensor reference_CFYX;  ///< of the reference image: one latent frame
  at::Tensor motion_CFYX;     ///< of the video before the film: the reference image at rest, 19 latent frames
  /// Speech features of one clip of the job, from clip 0 on: [Z, E, V]. Asked for clips in rising order,
  /// but for the first one, which a range that begins later asks for first.
  std::function<at::Tensor(std::int64_t clip)> features_ZEV;
};

}  // namespace longtake
