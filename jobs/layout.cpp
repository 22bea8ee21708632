#include "jobs/layout.h"

#include <algorithm>
#include <array>

#include "jobs/error.h"

namespace longtake {
namespace {

/// The `index`-th of `ways` shares of [0, count); the first ones take the remainder.
Interval share_of(std::int64_t count, int ways, int index) {
  const std::int64_t least = count / ways;
  const std::int64_t larger = count % ways;
  const std::int64_t begin = index * least + std::min<std::int64_t>(index, larger);
  return {begin, begin + least + (index < larger ? 1 : 0)};
}

void add_chain(std::vector<Stage>& stages, std::int64_t layers, Interval steps, int ways) {
  for (int way = 0; way < ways; ++way) {
    Stage stage;
    stage.layers = share_of(layers, ways, way);
    stage.steps = steps;
    stages.push_back(stage);
  }
}

Layout with_ends(LayoutKind kind, std::vector<Stage> stages) {
  stages.front().text = true;
  stages.front().audio = true;
  stages.back().vae = true;
  return {kind, std::move(stages)};
}

}  // namespace

std::string_view name_of(LayoutKind kind) {
  switch (kind) {
    case LayoutKind::Single:
      return "single";
    case LayoutKind::Layers:
      return "layers";
    case LayoutKind::Steps:
      return "steps";
    case LayoutKind::LayersSteps:
      return "layers_steps";
  }
  return "";
}

LayoutKind layout_kind_from(std::string_view name) {
  constexpr std::array kKinds = {LayoutKind::Single, LayoutKind::Layers, LayoutKind::Steps,
                                 LayoutKind::LayersSteps};
  for (const LayoutKind kind : kKinds) {
    if (name_of(kind) == name) return kind;
  }
  throw Error(ErrorKind::InvalidInput, "there is no layout '" + std::string(name) + "'");
}

bool splits_layers(LayoutKind kind) { return kind == LayoutKind::Layers || kind == LayoutKind::LayersSteps; }

bool splits_steps(LayoutKind kind) { return kind == LayoutKind::Steps || kind == LayoutKind::LayersSteps; }

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Stage, layers, steps, text, audio, vae)

void to_json(nlohmann::json& json, const Layout& layout) {
  json = {{"kind", std::string(name_of(layout.kind))}, {"stages", layout.stages}};
}

void from_json(const nlohmann::json& json, Layout& layout) {
  layout.kind = layout_kind_from(json.at("kind").get<std::string>());
  json.at("stages").get_to(layout.stages);
}

Layout layers_layout(std::int64_t layers, std::int64_t steps, int ways) {
  std::vector<Stage> stages;
  add_chain(stages, layers, {0, steps}, ways);
  return with_ends(ways == 1 ? LayoutKind::Single : LayoutKind::Layers, std::move(stages));
}

Layout steps_layout(std::int64_t layers, std::int64_t steps, int ways) {
  std::vector<Stage> stages;
  for (std::int64_t step = 0; step < steps; ++step) add_chain(stages, layers, {step, step + 1}, ways);
  stages.emplace_back();
  return with_ends(ways == 1 ? LayoutKind::Steps : LayoutKind::LayersSteps, std::move(stages));
}

std::string description_of(const Layout& layout) {
  const std::string ranks = std::to_string(layout.ranks());
  if (layout.kind == LayoutKind::Single) return "single";
  if (layout.kind == LayoutKind::Layers) return "layers x " + ranks;
  std::int64_t steps = 0;
  for (const Stage& stage : layout.stages) steps = std::max(steps, stage.steps.end);
  const std::string split = "steps x " + std::to_string(steps) + " + decoder";
  if (layout.kind == LayoutKind::Steps) return split;
  return "layers x " + std::to_string((layout.ranks() - 1) / steps) + " x " + split;
}

}  // namespace longtake
