#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "jobs/model/memory_model.h"
#include "scheduler/planner/plan.h"

namespace longtake {
namespace {

using nlohmann::json;
using Row = std::vector<std::string>;

/// More rows of one kind than this tell a person nothing new; the JSON has them all.
constexpr std::size_t kMostRows = 16;

std::string duration(double seconds) {
  const auto whole = static_cast<long long>(std::ceil(seconds));
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%lld:%02lld:%02lld", whole / 3600, whole / 60 % 60, whole % 60);
  return text.data();
}

std::string fixed(double number, int digits) {
  std::array<char, 48> text{};
  std::snprintf(text.data(), text.size(), "%.*f", digits, number);
  return text.data();
}

std::string gigabytes(std::int64_t bytes) { return fixed(static_cast<double>(bytes) / 1e9, 2) + " GB"; }

std::string readable(std::int64_t bytes) {
  return bytes >= 1'000'000'000 ? gigabytes(bytes) : fixed(static_cast<double>(bytes) / 1e6, 1) + " MB";
}

/// Columns as wide as their widest cell, two spaces between them, each line indented.
std::string aligned(const std::vector<Row>& rows, const std::string& indent) {
  std::vector<std::size_t> widths;
  for (const Row& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const Row& row : rows) {
    std::string line = indent;
    for (std::size_t i = 0; i < row.size(); ++i)
      line += row[i] + std::string(widths[i] - row[i].size() + 2, ' ');
    text += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  }
  return text;
}

std::string more_rows(std::size_t total, const char* what) {
  return total <= kMostRows ? "" : "  and " + std::to_string(total - kMostRows) + " more " + what + "\n";
}

std::string ranks_text(const GroupPlan& group) {
  std::string text;
  for (const RankId rank : group.ranks) text += (text.empty() ? "" : ",") + std::to_string(rank.value);
  return text;
}

std::string groups_table(const Plan& plan) {
  std::vector<Row> rows = {{"group", "host", "ranks", "layout", "needs", "of"}};
  for (std::size_t i = 0; i < std::min(plan.groups.size(), kMostRows); ++i) {
    const GroupPlan& group = plan.groups[i];
    rows.push_back({std::to_string(group.group.value), group.host, ranks_text(group),
                    description_of(group.layout), gigabytes(peak_bytes(group.memory)),
                    gigabytes(group.capacity_bytes)});
  }
  return aligned(rows, "  ") + more_rows(plan.groups.size(), "groups like these");
}

std::vector<std::string> components_of(const std::vector<StageMemory>& stages) {
  std::vector<std::string> names;
  for (const StageMemory& stage : stages) {
    for (const ComponentBytes& part : stage.components) {
      if (std::find(names.begin(), names.end(), part.component) == names.end())
        names.push_back(part.component);
    }
  }
  return names;
}

std::string bytes_of(const StageMemory& stage, const std::string& component) {
  for (const ComponentBytes& part : stage.components) {
    if (part.component == component) return readable(part.bytes);
  }
  return "-";
}

/// What an engine does, over its column: "layers 0:10", "decodes".
std::string title_of(const Stage& stage) {
  if (!stage.layers.is_empty()) return "layers " + text_of(stage.layers);
  return stage.vae ? "decodes" : "";
}

/// A column for each engine of a group.
std::string memory_table(const Plan& plan) {
  const GroupPlan& group = plan.groups.front();
  const std::vector<std::string> components = components_of(group.memory);
  if (components.empty()) return "";
  Row heading = {"memory"}, titles = {""}, totals = {"total"};
  for (std::size_t i = 0; i < group.memory.size(); ++i) {
    heading.push_back("engine " + std::to_string(i));
    titles.push_back(i < group.layout.stages.size() ? title_of(group.layout.stages[i]) : "");
    totals.push_back(readable(group.memory[i].total_bytes()));
  }
  std::vector<Row> rows = {heading};
  if (!(titles == Row(titles.size()))) rows.push_back(titles);
  for (const std::string& component : components) {
    rows.push_back({component});
    for (const StageMemory& stage : group.memory) rows.back().push_back(bytes_of(stage, component));
  }
  rows.push_back(totals);
  return "\n" + aligned(rows, "  ");
}

std::string jobs_table(const Plan& plan) {
  std::vector<Row> rows = {
      {"job", "engine", "size", "film", "frames", "clips", "ranges", "frames/s", "ready after"}};
  for (const JobPlan& job : plan.jobs) {
    rows.push_back({job.name, std::string(name_of(job.engine)),
                    std::to_string(job.size.width) + "x" + std::to_string(job.size.height),
                    duration(static_cast<double>(job.film_frames) / kFramesPerSecond),
                    std::to_string(job.film_frames), std::to_string(job.clips),
                    std::to_string(job.ranges.size()), fixed(job.frames_per_second, 1),
                    duration(job.seconds)});
  }
  return aligned(rows, "  ");
}

std::string ranges_table(const JobPlan& job) {
  std::vector<Row> rows = {{"range", "clips", "segments", "clips of a segment"}};
  for (std::size_t i = 0; i < std::min(job.ranges.size(), kMostRows); ++i) {
    const RangePlan& range = job.ranges[i];
    if (range.segments.empty()) continue;
    const std::int64_t usual = range.segments.front().length();
    const std::int64_t last = range.segments.back().length();
    rows.push_back({std::to_string(i), text_of(range.clips), std::to_string(range.segments.size()),
                    std::to_string(usual) + (last == usual ? "" : ", the last " + std::to_string(last))});
  }
  return "\n" + job.name + "\n" + aligned(rows, "  ") + more_rows(job.ranges.size(), "ranges");
}

json json_of(const Layout& layout) {
  json stages = json::array();
  for (const Stage& stage : layout.stages) {
    stages.push_back({{"layers", stage.layers},
                      {"steps", stage.steps},
                      {"text", stage.text},
                      {"audio", stage.audio},
                      {"vae", stage.vae}});
  }
  return {{"kind", std::string(name_of(layout.kind))}, {"stages", std::move(stages)}};
}

json json_of(const StageMemory& memory) {
  json components = json::array();
  for (const ComponentBytes& part : memory.components) {
    components.push_back({{"component", part.component}, {"bytes", part.bytes}});
  }
  return {{"components", std::move(components)}, {"total_bytes", memory.total_bytes()}};
}

json json_of(const GroupPlan& group) {
  json memory = json::array();
  for (const StageMemory& stage : group.memory) memory.push_back(json_of(stage));
  return {{"group", group.group},        {"host", group.host},
          {"ranks", group.ranks},        {"layout", json_of(group.layout)},
          {"memory", std::move(memory)}, {"capacity_bytes", group.capacity_bytes}};
}

json json_of(const JobPlan& job) {
  json ranges = json::array();
  for (const RangePlan& range : job.ranges) {
    ranges.push_back({{"clips", range.clips}, {"segments", range.segments}});
  }
  return {{"name", job.name},
          {"engine", std::string(name_of(job.engine))},
          {"height", job.size.height},
          {"width", job.size.width},
          {"film_frames", job.film_frames},
          {"clips", job.clips},
          {"infer_frames", job.infer_frames},
          {"ranges", std::move(ranges)},
          {"frames_per_second", job.frames_per_second},
          {"seconds", job.seconds}};
}

}  // namespace

std::string to_table(const Plan& plan) {
  std::string text = "profile " + plan.profile + ", " + std::to_string(plan.groups.size()) + " groups\n";
  if (!plan.groups.empty()) text += groups_table(plan) + memory_table(plan);
  if (!plan.jobs.empty()) text += "\n" + jobs_table(plan);
  for (const JobPlan& job : plan.jobs) text += ranges_table(job);
  if (!plan.jobs.empty()) text += "\nall jobs ready after " + duration(plan.seconds) + "\n";
  if (!plan.reasons.empty()) text += "\nwhat cannot run:\n";
  for (const std::string& reason : plan.reasons) text += "  " + reason + "\n";
  return text;
}

json to_json(const Plan& plan) {
  json groups = json::array();
  for (const GroupPlan& group : plan.groups) groups.push_back(json_of(group));
  json jobs = json::array();
  for (const JobPlan& job : plan.jobs) jobs.push_back(json_of(job));
  return {{"profile", plan.profile}, {"fits", plan.fits()},     {"groups", std::move(groups)},
          {"jobs", std::move(jobs)}, {"seconds", plan.seconds}, {"reasons", plan.reasons}};
}

}  // namespace longtake
