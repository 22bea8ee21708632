#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

namespace longtake {

/// What a person typed behind `longtake simulate`. Not given: chosen, see simulate_command.
struct SimulateRequest {
  std::optional<int> films;
  std::optional<double> hours;
  std::optional<int> gpus;
  std::optional<int> nodes;
  std::optional<double> frames_per_second;
  double gpu_mtbf_h = 0;
  double node_mtbf_h = 0;
  double preempted_every_h = 0;
  double repair_min = 30;
  std::optional<double> load_s;
  std::uint64_t seed = 1;
  std::filesystem::path svg;  ///< empty: no picture
};

}  // namespace longtake
