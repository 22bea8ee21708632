#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "jobs/interval.h"

namespace longtake {

enum class LayoutKind {
  Single,       ///< one rank does everything
  Layers,       ///< each rank holds some of the transformer's layers
  Steps,        ///< each rank does some of the denoising steps
  LayersSteps,  ///< the product of both
};

/// "single", "layers", "steps", "layers_steps".
std::string_view name_of(LayoutKind kind);

/// What one engine of a group does.
struct Stage {
  Interval layers;  ///< of the transformer; empty for an engine without a model
  Interval steps;   ///< denoising steps
  bool text = false;
  bool audio = false;
  bool vae = false;
};

/// Stages laid over the ranks of a group, in the order of its ranks.
struct Layout {
  LayoutKind kind = LayoutKind::Single;
  std::vector<Stage> stages;

  int ranks() const { return static_cast<int>(stages.size()); }
};

struct ComponentBytes {
  std::string component;
  std::int64_t bytes = 0;
};

/// The predicted peak of one stage, by component.
struct StageMemory {
  std::vector<ComponentBytes> components;

  std::int64_t total_bytes() const {
    std::int64_t total = 0;
    for (const ComponentBytes& component : components) total += component.bytes;
    return total;
  }
};

}  // namespace longtake
