#include "rank/engine/vae/vae_config.h"

#include <algorithm>

#include "jobs/error.h"

namespace longtake {
namespace {

[[noreturn]] void refuse(const std::string& name, const std::string& what) {
  throw Error(ErrorKind::InvalidInput, "reading the VAE's shape from " + name + ": " + what);
}

template <typename Value>
void read(const nlohmann::json& document, const char* key, const std::string& name, Value& value) {
  if (!document.contains(key)) refuse(name, std::string(key) + " is missing");
  try {
    document.at(key).get_to(value);
  } catch (const nlohmann::json::exception& error) {
    refuse(name, std::string(key) + " has the wrong form (" + error.what() + ")");
  }
}

void check(const VaeConfig& config, const std::string& name) {
  if (config.dim < 1 || config.z_dim < 1) {
    refuse(name, "dim and z_dim must be at least 1, got " + std::to_string(config.dim) + " and " +
                     std::to_string(config.z_dim));
  }
  if (config.num_res_blocks < 0) {
    refuse(name, "num_res_blocks must not be negative, got " + std::to_string(config.num_res_blocks));
  }
  const auto is_less_than_1 = [](std::int64_t mult) { return mult < 1; };
  if (config.dim_mult.empty() || config.levels() > 8 ||
      std::any_of(config.dim_mult.begin(), config.dim_mult.end(), is_less_than_1)) {
    refuse(name, "dim_mult must hold 1 to 8 numbers of at least 1");
  }
  if (config.temporal_downsample.size() + 1 != config.dim_mult.size()) {
    refuse(name, "temporal_downsample must have one entry less than dim_mult");
  }
  const auto z_dim = static_cast<std::size_t>(config.z_dim);
  if (config.latent_mean.size() != z_dim || config.latent_std.size() != z_dim) {
    refuse(name, "latent_mean and latent_std must have z_dim = " + std::to_string(z_dim) + " numbers each");
  }
  if (std::any_of(config.latent_std.begin(), config.latent_std.end(),
                  [](double std) { return !(std > 0); })) {
    refuse(name, "latent_std must be above 0");
  }
}

}  // namespace

std::int64_t VaeConfig::temporal_stride() const {
  return std::int64_t{1} << std::count(temporal_downsample.begin(), temporal_downsample.end(), true);
}

VaeConfig published_vae() {
  VaeConfig config;
  config.dim = 96;
  config.z_dim = 16;
  config.dim_mult = {1, 2, 4, 4};
  config.num_res_blocks = 2;
  config.temporal_downsample = {false, true, true};
  // Mean and deviation of the training set's latents, as published with the weights.
  config.latent_mean = {-0.7571, -0.7089, -0.9113, 0.1075,  -0.1745, 0.9653,  -0.1517, 1.5508,
                        0.4134,  -0.0715, 0.5517,  -0.3632, -0.1922, -0.9497, 0.2503,  -0.2921};
  config.latent_std = {2.8184, 1.4541, 2.3275, 2.6558, 1.2196, 1.7708, 2.6052, 2.0743,
                       3.2687, 2.1526, 2.8652, 1.5579, 1.6382, 1.1253, 2.8251, 1.9160};
  return config;
}

VaeConfig vae_config_from(const nlohmann::json& document, const std::string& name) {
  if (!document.is_object()) refuse(name, "it is no JSON object");
  VaeConfig config;
  read(document, "dim", name, config.dim);
  read(document, "z_dim", name, config.z_dim);
  read(document, "dim_mult", name, config.dim_mult);
  read(document, "num_res_blocks", name, config.num_res_blocks);
  read(document, "temporal_downsample", name, config.temporal_downsample);
  if (document.contains("latent_mean") || document.contains("latent_std")) {
    read(document, "latent_mean", name, config.latent_mean);
    read(document, "latent_std", name, config.latent_std);
  } else {
    config.latent_mean = published_vae().latent_mean;
    config.latent_std = published_vae().latent_std;
  }
  check(config, name);
  return config;
}

}  // namespace longtake
