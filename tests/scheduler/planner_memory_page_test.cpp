// docs/memory.md shows tables of the planner's own numbers; this keeps them true. With LONGTAKE_WRITE_DOCS
// set, the test writes them into the page instead.
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "scheduler/planner/layout_choice.h"
#include "tests/scheduler/bundled_profiles.h"

namespace longtake {
namespace {

constexpr const char* kPage = LONGTAKE_DOCS_DIR "/memory.md";
constexpr const char* kBegin = "<!-- tables: planner_memory_page_test -->\n";
constexpr const char* kEnd = "<!-- end of tables -->\n";
constexpr std::array<FrameSize, 4> kSizes = {{{400, 720}, {384, 704}, {368, 688}, {256, 384}}};
constexpr std::array<const char*, 9> kProfiles = {"1x24gb", "4x24gb", "1x48gb",  "2x48gb", "1x80gb",
                                                  "5x80gb", "8x80gb", "1x141gb", "cpu"};

std::string gigabytes(std::int64_t bytes) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.2f", static_cast<double>(bytes) / 1e9);
  return text.data();
}

std::string text_of(FrameSize size) { return std::to_string(size.width) + "*" + std::to_string(size.height); }

/// What a table is for.
struct Numbers {
  Precision precision = Precision::Auto;
  KvCacheDtype kv_cache_dtype = KvCacheDtype::Auto;
};

AvatarDemand demand_for(DeviceKind device, FrameSize size, Numbers numbers = {}) {
  JobSettings settings;
  settings.precision = numbers.precision;
  settings.kv_cache_dtype = numbers.kv_cache_dtype;
  return demand_of(settings, size, published_model(), device);
}

int most_ranks_of(const Profile& profile) {
  return profile.device == DeviceKind::Gpu ? profile.gpus_per_node : profile.cpu_slots_per_node;
}

std::string cell(const Profile& profile, FrameSize size, Numbers numbers) {
  const auto choice =
      smallest_that_fits(profile, demand_for(profile.device, size, numbers), most_ranks_of(profile));
  if (!choice) return "no";
  return description_of(choice->layout) + ", " + gigabytes(peak_bytes(choice->memory));
}

std::string table_of_profiles(Numbers numbers) {
  std::string text = "| profile | one engine may use |";
  std::string rule = "|---|---|";
  for (const FrameSize size : kSizes) {
    text += " " + text_of(size) + " |";
    rule += "---|";
  }
  text += "\n" + rule + "\n";
  for (const char* name : kProfiles) {
    const Profile profile = bundled_profile(name);
    if (numbers.precision != Precision::Auto && profile.device == DeviceKind::Cpu) continue;
    text += "| `" + profile.name + "` | " + gigabytes(engine_capacity_bytes(profile)) + " |";
    for (const FrameSize size : kSizes) text += " " + cell(profile, size, numbers) + " |";
    text += "\n";
  }
  return text;
}

std::string list_of_reasons() {
  std::string text;
  for (const char* name : kProfiles) {
    const Profile profile = bundled_profile(name);
    for (const FrameSize size : kSizes) {
      const AvatarDemand demand = demand_for(profile.device, size);
      if (smallest_that_fits(profile, demand, most_ranks_of(profile))) continue;
      text += "* " + why_nothing_fits(profile, demand, most_ranks_of(profile)) + "\n";
    }
  }
  return text;
}

std::string table_of_components(const Layout& layout, FrameSize size) {
  const AvatarDemand demand = demand_for(DeviceKind::Gpu, size);
  const std::vector<StageMemory> stages = predict_memory(demand.shape, layout, demand.memory);
  std::string text = "| " + description_of(layout) + ", " + text_of(size) + " |";
  std::string rule = "|---|";
  std::vector<std::string> components;
  for (std::size_t i = 0; i < stages.size(); ++i) {
    text += " engine " + std::to_string(i) + " |";
    rule += "---|";
    for (const ComponentBytes& part : stages[i].components) {
      if (std::find(components.begin(), components.end(), part.component) == components.end()) {
        components.push_back(part.component);
      }
    }
  }
  text += "\n" + rule + "\n";
  for (const std::string& component : components) {
    text += "| " + component + " |";
    for (const StageMemory& stage : stages) {
      std::string bytes = "";
      for (const ComponentBytes& part : stage.components) {
        if (part.component == component) bytes = gigabytes(part.bytes);
      }
      text += " " + bytes + " |";
    }
    text += "\n";
  }
  text += "| **total** |";
  for (const StageMemory& stage : stages) text += " **" + gigabytes(stage.total_bytes()) + "** |";
  return text + "\n";
}

std::string tables() {
  const std::int64_t layers = published_model().layers;
  std::string text = "### `precision: auto`: 16 bits, on `cpu` 32\n\n" + table_of_profiles({});
  text += "\n### `precision: fp8`\n\n" + table_of_profiles({Precision::Fp8});
  text += "\n### `precision: fp8` and `kv_cache_dtype: fp8`\n\n";
  text += table_of_profiles({Precision::Fp8, KvCacheDtype::Fp8});
  text += "\n### Why not, and what would fit\n\n" + list_of_reasons();
  text += "\n### By component\n";
  for (const Layout& layout : {layers_layout(layers, 4, 1), layers_layout(layers, 4, 2),
                               layers_layout(layers, 4, 4), steps_layout(layers, 4, 1)}) {
    text += "\n" + table_of_components(layout, {400, 720});
  }
  for (const FrameSize size : {kSizes[1], kSizes[2], kSizes[3]}) {
    text += "\n" + table_of_components(layers_layout(layers, 4, 4), size);
  }
  return text;
}

std::string page() {
  std::ostringstream content;
  content << std::ifstream(kPage).rdbuf();
  return content.str();
}

TEST(MemoryPage, HasThePlannersNumbers) {
  const std::string text = page();
  const std::size_t begin = text.find(kBegin), end = text.find(kEnd);
  ASSERT_NE(begin, std::string::npos);
  ASSERT_NE(end, std::string::npos);
  const std::size_t first = begin + std::string(kBegin).size();
  const std::string expected = "\n" + tables() + "\n";
  if (std::getenv("LONGTAKE_WRITE_DOCS")) {
    std::ofstream(kPage) << text.substr(0, first) << expected << text.substr(end);
    return;
  }
  EXPECT_EQ(text.substr(first, end - first), expected)
      << "run planner_test with LONGTAKE_WRITE_DOCS=1 and look at the difference";
}

TEST(MemoryPage, ExplainsEveryComponentWithItsBytes) {
  const AvatarDemand demand = demand_for(DeviceKind::Gpu, {400, 720});
  const Layout single = layers_layout(demand.shape.layers, demand.steps, 1);
  const std::string text = page();
  const std::vector<StageMemory> stages = predict_memory(demand.shape, single, demand.memory);
  for (const ComponentBytes& part : stages.front().components) {
    const std::size_t row = text.find("\n| " + part.component + " | ");
    ASSERT_NE(row, std::string::npos) << part.component;
    const std::string line = text.substr(row + 1, text.find('\n', row + 1) - row - 1);
    const std::string ending = "| " + gigabytes(part.bytes) + " GB |";
    EXPECT_EQ(line.substr(line.size() - std::min(line.size(), ending.size())), ending) << line;
  }
}

}  // namespace
}  // namespace longtake
