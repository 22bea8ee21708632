#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "jobs/interval.h"

namespace longtake {

enum class LayoutKind {
  Single,       ///< one rank does everything
  Layers,       ///< each rank holds some of the transformer's layers
  Steps,        ///< each rank does one of the denoising steps; one more decodes
  LayersSteps,  ///< the product of both
};

/// "single", "layers", "steps", "layers_steps".
std::string_view name_of(LayoutKind kind);
/// Inverse of name_of. Throws Error{InvalidInput} for an unknown name.
LayoutKind layout_kind_from(std::string_view name);

/// Whether a step's layers are shared out among several ranks.
bool splits_layers(LayoutKind kind);
/// Whether the steps are: then blocks go through all of them one after another.
bool splits_steps(LayoutKind kind);

/// What one engine of a group does.
struct Stage {
  Interval
      layers;      ///< of the transformer; empty for an engine without a model, and for one that only decodes
  Interval steps;  ///< denoising steps
  bool text = false;
  bool audio = false;
  bool vae = false;
};

/// Stages laid over the ranks of a group, in the order of its ranks. The first encodes text and audio,
/// the last decodes and writes.
struct Layout {
  LayoutKind kind = LayoutKind::Single;
  std::vector<Stage> stages;

  int ranks() const { return static_cast<int>(stages.size()); }
};

/// Each of `ways` engines holds an equal share of the layers and does all steps; 1 is a single engine.
/// A remainder goes to the first ones: the last one also decodes. `ways` is 1 to `layers`.
Layout layers_layout(std::int64_t layers, std::int64_t steps, int ways);

/// An engine for each step and each of `ways` shares of the layers, and one that decodes. `ways` is 1 to
/// `layers`, `steps` at least 2.
Layout steps_layout(std::int64_t layers, std::int64_t steps, int ways);

/// "single", "layers x 4", "steps x 4 + decoder", "layers x 2 x steps x 4 + decoder".
std::string description_of(const Layout& layout);

void to_json(nlohmann::json& json, const Layout& layout);
void from_json(const nlohmann::json& json, Layout& layout);

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
