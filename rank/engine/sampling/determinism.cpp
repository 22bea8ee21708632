#include "rank/engine/sampling/determinism.h"

#include <ATen/CPUGeneratorImpl.h>

namespace longtake {
namespace {

/// splitmix64 (Steele, Lea, Flood 2014): every bit of the input reaches every bit of the output.
std::uint64_t mixed(std::uint64_t value) {
  value += 0x9E3779B97F4A7C15U;
  value = (value ^ (value >> 30U)) * 0xBF58476D1CE4E5B9U;
  value = (value ^ (value >> 27U)) * 0x94D049BB133111EBU;
  return value ^ (value >> 31U);
}

}  // namespace

at::Tensor clip_noise(std::int64_t base_seed, std::int64_t clip, at::IntArrayRef shape) {
  at::Generator generator = at::detail::createCPUGenerator(static_cast<std::uint64_t>(base_seed + clip));
  return at::randn(shape, generator, at::TensorOptions(at::kFloat));
}

std::int64_t sink_distance(std::int64_t base_seed, std::int64_t block, std::int64_t step) {
  std::uint64_t hash = mixed(static_cast<std::uint64_t>(base_seed));
  hash = mixed(hash ^ static_cast<std::uint64_t>(block));
  hash = mixed(hash ^ static_cast<std::uint64_t>(step));
  constexpr std::uint64_t kChoices = kFarthestSink - kNearestSink + 1;
  return kNearestSink + static_cast<std::int64_t>(hash % kChoices);
}

}  // namespace longtake
