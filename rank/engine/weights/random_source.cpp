#include "rank/engine/weights/random_source.h"

#include <ATen/CPUGeneratorImpl.h>

#include <cmath>

#include "jobs/error.h"

namespace longtake {
namespace {

/// FNV-1a. std::hash may differ between libraries, and engines of one group must agree.
std::uint64_t hash_of(const std::string& name, std::uint64_t seed) {
  std::uint64_t hash = 14695981039346656037ULL ^ (seed * 0x9E3779B97F4A7C15ULL);
  for (const char character : name) {
    hash = (hash ^ static_cast<unsigned char>(character)) * 1099511628211ULL;
  }
  return hash;
}

at::Generator generator_on(at::Device device, std::uint64_t seed) {
  if (device.is_cpu()) return at::detail::createCPUGenerator(seed);
  at::Generator generator = at::globalContext().defaultGenerator(device).clone();
  generator.set_current_seed(seed);
  return generator;
}

bool ends_with(const std::string& text, const std::string& end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

struct Distribution {
  double mean;
  double deviation;
};

/// `shape` decides what a tensor is for: a vector of weights scales a norm, the rows of a matrix are sums
/// over as many inputs as they are long.
Distribution distribution_of(const std::string& name, at::IntArrayRef shape) {
  constexpr double kSmall = 0.02;
  std::int64_t values = 1;
  for (const std::int64_t length : shape) values *= length;
  const bool is_vector = shape.empty() || values == shape[0];
  if (ends_with(name, "gamma") || (is_vector && ends_with(name, "weight"))) return {1.0, kSmall};
  if (is_vector || values == 0) return {0.0, kSmall};
  const std::int64_t inputs = values / shape[0];
  return {0.0, 1.0 / std::sqrt(static_cast<double>(inputs))};
}

class RandomSource : public WeightSource {
 public:
  RandomSource(std::uint64_t seed, at::Device device) : seed_(seed), device_(device) {}

  std::vector<std::string> names() const override { return {}; }
  bool has(const std::string&) const override { return true; }
  bool has_shapes() const override { return false; }
  std::string file_of(const std::string&) const override { return "the model of random weights"; }

  std::vector<std::int64_t> shape_of(const std::string& name) const override {
    throw Error(ErrorKind::Bug, "asked for the shape of '" + name + "' of random weights, which have none");
  }

  at::Tensor read(const std::string& name, at::IntArrayRef shape) const override {
    const Distribution distribution = distribution_of(name, shape);
    const at::TensorOptions options = at::TensorOptions(at::kFloat).device(device_);
    return at::empty(shape, options)
        .normal_(distribution.mean, distribution.deviation, generator_on(device_, hash_of(name, seed_)));
  }

 private:
  std::uint64_t seed_;
  at::Device device_;
};

}  // namespace

std::unique_ptr<WeightSource> random_source(std::uint64_t seed, at::Device device) {
  return std::make_unique<RandomSource>(seed, device);
}

}  // namespace longtake
