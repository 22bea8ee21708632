#pragma once

#include <ATen/ATen.h>

#include <filesystem>
#include <string>
#include <vector>

#include "jobs/interval.h"
#include "rank/engine/pipeline/clip_shape.h"

// C channels, F latent frames, Y latent rows, X latent columns
namespace longtake {

/// What a segment hands to the next one of its range. The tensors are float32 on the CPU.
struct Carry {
  std::int64_t renewal_clips = 1;  ///< of the chain
  Interval clips;                  ///< window_history() of the clip that comes next, clips.end
  at::Tensor anchor_CFYX;          ///< [C, 1, Y, X]
  /// For every step the latents that left it, of all these clips: [C, F, Y, X]. What left one step
  /// entered the next; what entered the first is noise, which is made again.
  std::vector<at::Tensor> left_step_CFYX;
};

/// One safetensors file with the tensors `anchor` and `left_step.<s>`, durable when this returns.
/// `identity` is the job's. Throws Error{Io} or Error{DiskFull}.
void write_carry(const std::filesystem::path& path, const Carry& carry, const std::string& identity);

/// What a segment needs of the carry before it.
struct CarryNeeds {
  std::string identity;
  std::int64_t next_clip = 0;
  std::int64_t steps = 0;
  ClipShape clip;
};

/// Throws Error{InvalidInput} naming the file for anything that is not the whole carry needed.
Carry read_carry(const std::filesystem::path& path, const CarryNeeds& needs);

}  // namespace longtake
