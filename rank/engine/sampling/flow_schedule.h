#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <vector>

namespace longtake {

inline constexpr double kPublishedShift = 3.0;

/// Noise levels from 1 down to 0: step s goes from sigmas[s] to sigmas[s + 1].
struct FlowSchedule {
  std::vector<float> sigmas;     ///< steps + 1; the last is 0
  std::vector<float> timesteps;  ///< what the model is told of the level: sigmas[s] * 1000

  std::int64_t steps() const { return static_cast<std::int64_t>(timesteps.size()); }
};

/// The published schedule of rectified flow (Esser et al. 2024, section 5.3.2: sigma' = shift sigma /
/// (1 + (shift - 1) sigma)), in diffusers' arithmetic: its levels are spread between ends that are
/// shifted already, then shifted once more. `fold_last_step` leaves out the last of `sample_steps`: its
/// predecessor goes straight to 0. Throws Error{InvalidInput} for fewer than one step, or than two with
/// fold_last_step.
FlowSchedule flow_schedule(std::int64_t sample_steps, bool fold_last_step, double shift = kPublishedShift);

/// The latent after step `step`, which had the model's `velocity` (Euler). float32.
at::Tensor euler_step(const FlowSchedule& schedule, std::int64_t step, const at::Tensor& latent,
                      const at::Tensor& velocity);

}  // namespace longtake
