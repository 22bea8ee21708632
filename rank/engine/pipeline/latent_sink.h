#pragma once

#include <ATen/ATen.h>

// C channels, F latent frames of a block, Y latent rows, X latent columns
namespace longtake {

/// Where finished latents go, block by block in the order of the film.
class LatentSink {
 public:
  virtual ~LatentSink() = default;

  /// What comes next stands on its own: nothing from before may have an influence on it.
  virtual void restart() = 0;

  /// A block that has been kept before, or is not to be kept: what comes next goes on from it.
  virtual void precede(const at::Tensor& latent_CFYX) = 0;

  /// A block of the segment.
  virtual void add(const at::Tensor& latent_CFYX) = 0;

  /// What was put off of the blocks so far is done when this returns: to be called while a device computes
  /// what comes next, and after the last block. The latest block may be put off until then.
  virtual void catch_up() = 0;
};

}  // namespace longtake
