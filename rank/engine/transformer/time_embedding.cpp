#include "rank/engine/transformer/time_embedding.h"

#include <cmath>

namespace longtake {
namespace {

constexpr double kBase = 10000.0;

/// Cosines, then sines, of the timestep at falling frequencies (Vaswani et al. 2017, section 3.5).
at::Tensor sinusoids(double timestep, std::int64_t width) {
  const std::int64_t half = width / 2;
  const at::Tensor values = at::empty({width}, at::kDouble);
  for (std::int64_t i = 0; i < half; ++i) {
    const double angle = timestep * std::pow(kBase, -static_cast<double>(i) / static_cast<double>(half));
    values[i] = std::cos(angle);
    values[half + i] = std::sin(angle);
  }
  return values.to(at::kFloat);
}

}  // namespace

TimeEmbedding::TimeEmbedding(const TransformerConfig& config, const Weights& weights)
    : freq_dim_(config.freq_dim),
      first_(take_linear(weights, "time_embedding.0", config.freq_dim, config.dim).in_float32()),
      second_(take_linear(weights, "time_embedding.2", config.dim, config.dim).in_float32()),
      projection_(take_linear(weights, "time_projection.1", config.dim, 6 * config.dim).in_float32()) {}

TimeModulation TimeEmbedding::at(double timestep) const {
  const at::Tensor input = sinusoids(timestep, freq_dim_).to(first_.weight_OI.device()).unsqueeze(0);
  const at::Tensor embedded_1D = second_(at::silu(first_(input)));
  return {embedded_1D.squeeze(0), projection_(at::silu(embedded_1D)).view({6, -1})};
}

}  // namespace longtake
