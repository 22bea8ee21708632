#include "rank/engine/sampling/flow_schedule.h"

#include <string>

#include "jobs/error.h"

namespace longtake {
namespace {

constexpr std::int64_t kTrainingTimesteps = 1000;

template <typename Real>
Real shifted(Real sigma, Real shift) {
  return shift * sigma / (1 + (shift - 1) * sigma);
}

void require_steps(std::int64_t sample_steps, bool fold_last_step) {
  const std::int64_t least = fold_last_step ? 2 : 1;
  if (sample_steps >= least) return;
  throw Error(ErrorKind::InvalidInput, "sample_steps must be at least " + std::to_string(least) +
                                           (fold_last_step ? " with fold_last_step" : "") + ", got " +
                                           std::to_string(sample_steps));
}

}  // namespace

FlowSchedule flow_schedule(std::int64_t sample_steps, bool fold_last_step, double shift) {
  require_steps(sample_steps, fold_last_step);
  // float32 here and float64 below, as in diffusers' FlowMatchEulerDiscreteScheduler.
  constexpr double kHighest = 1.0;
  const double lowest = shifted(1.0F / kTrainingTimesteps, static_cast<float>(shift));
  const double gap = sample_steps > 1 ? (lowest - kHighest) / static_cast<double>(sample_steps - 1) : 0.0;
  FlowSchedule schedule;
  const std::int64_t kept = fold_last_step ? sample_steps - 1 : sample_steps;
  for (std::int64_t step = 0; step < kept; ++step) {
    const auto sigma = static_cast<float>(shifted(kHighest + static_cast<double>(step) * gap, shift));
    schedule.sigmas.push_back(sigma);
    schedule.timesteps.push_back(sigma * kTrainingTimesteps);
  }
  schedule.sigmas.push_back(0.0F);
  return schedule;
}

at::Tensor euler_step(const FlowSchedule& schedule, std::int64_t step, const at::Tensor& latent,
                      const at::Tensor& velocity) {
  const auto index = static_cast<std::size_t>(step);
  const float distance = schedule.sigmas.at(index + 1) - schedule.sigmas.at(index);
  return at::add(latent, velocity, distance);
}

}  // namespace longtake
