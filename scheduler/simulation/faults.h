#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>

namespace longtake {

enum class FaultKind {
  Gpu,         ///< an engine ends and cannot start again until its GPU is repaired
  Node,        ///< a host falls silent with all its ranks
  Preemption,  ///< the run is told to drain, and is started again later
};

struct Fault {
  FaultKind kind = FaultKind::Gpu;
  std::int64_t at_ms = 0;  ///< since the night's beginning
  std::size_t which = 0;   ///< rank or host, counted from 0; of no meaning for a pre-emption
};

/// Mean times between two faults. 0: there are none of this kind.
struct FaultRates {
  double gpu_mtbf_h = 0;
  double node_mtbf_h = 0;
  double preempted_every_h = 0;
};

/// Tells the next fault, later ones later; nullopt: there are no more.
using FaultSource = std::function<std::optional<Fault>()>;

/// Faults that know nothing of each other (exponential waiting times) on `gpus` and `nodes`. The same seed
/// gives the same faults.
FaultSource random_faults(const FaultRates& rates, std::size_t gpus, std::size_t nodes, std::uint64_t seed);

}  // namespace longtake
