#include "rank/engine/bench/bench_result.h"

#include <torch/version.h>

#include <algorithm>
#include <iomanip>
#include <sstream>

#include "rank/engine/pipeline/clip_shape.h"

namespace longtake {
namespace {

using nlohmann::json;

constexpr double kNsPerMs = 1e6;
constexpr double kMsPerSecond = 1e3;

json times_json(const std::vector<double>& ms) {
  if (ms.empty()) return nullptr;
  return {{"median", median_of(ms)}, {"min", *std::min_element(ms.begin(), ms.end())}, {"count", ms.size()}};
}

template <typename T>
json json_or_null(const std::optional<T>& value) {
  return value ? json(*value) : json(nullptr);
}

json memory_json(const BenchMemory& memory) {
  json components = json::array();
  for (const BenchBytes& part : memory.components) {
    components.push_back({{"component", part.component},
                          {"predicted_bytes", json_or_null(part.predicted)},
                          {"measured_bytes", json_or_null(part.measured)}});
  }
  return {{"components", components},
          {"predicted_bytes", memory.predicted_total},
          {"peak_tensor_bytes", memory.peak_tensors},
          {"end_tensor_bytes", memory.end_tensors},
          {"peak_process_bytes", json_or_null(memory.peak_process)}};
}

double ms_of(std::int64_t ns) { return static_cast<double>(ns) / kNsPerMs; }

json table_json(const TimeTable& table) {
  json times = json::object();
  for (std::size_t i = 0; i < kTimesFor; ++i) {
    const auto what = static_cast<TimeFor>(i);
    times[std::string(name_of(what))] = ms_of(table.ns_for(what));
  }
  json ops = json::array();
  for (const auto& [op, time] : table.ops) {
    ops.push_back({{"for", std::string(name_of(op.first))},
                   {"op", op.second},
                   {"calls", time.calls},
                   {"self_ms", ms_of(time.self_ns)}});
  }
  std::sort(ops.begin(), ops.end(),
            [](const json& a, const json& b) { return a.at("self_ms") > b.at("self_ms"); });
  return {{"wall_ms", ms_of(table.wall_ns)},
          {"threads", table.threads},
          {"thread_ms", times},
          {"matrix_product_share", table.product_share()},
          {"ops", ops}};
}

json profile_json(const BenchProfile& profile) {
  return {{"steps", table_json(profile.steps)},
          {"vae", table_json(profile.vae)},
          {"block", table_json(profile.steps + profile.vae)}};
}

std::string megabytes(const std::optional<std::int64_t>& bytes) {
  if (!bytes) return "-";
  std::ostringstream text;
  text << std::fixed << std::setprecision(1) << static_cast<double>(*bytes) / 1e6;
  return text.str();
}

void write_memory(std::ostream& out, const BenchMemory& memory) {
  const auto row = [&](const std::string& name, const std::optional<std::int64_t>& predicted,
                       const std::optional<std::int64_t>& measured) {
    out << std::left << std::setw(32) << name << std::right << std::setw(12) << megabytes(predicted)
        << std::setw(12) << megabytes(measured) << "\n";
  };
  out << "\n"
      << std::left << std::setw(32) << "memory, MB" << std::right << std::setw(12) << "predicted"
      << std::setw(12) << "measured"
      << "\n";
  for (const BenchBytes& part : memory.components) row(part.component, part.predicted, part.measured);
  row("all (measured: process)", memory.predicted_total, memory.peak_process);
  row("tensors, at most", std::nullopt, memory.peak_tensors);
}

void write_profile(std::ostream& out, const BenchProfile& profile) {
  const TimeTable block = profile.steps + profile.vae;
  const auto cell = [&](const TimeTable& table, std::int64_t ns) {
    const double share =
        table.all_ns() == 0 ? 0.0 : 100.0 * static_cast<double>(ns) / static_cast<double>(table.all_ns());
    out << std::setw(10) << ms_of(ns) << std::setw(7) << share << "%";
  };
  out << "\n"
      << std::left << std::setw(24) << "one block, ms of threads" << std::right << std::setw(18) << "steps"
      << std::setw(18) << "VAE" << std::setw(18) << "both"
      << "\n";
  for (std::size_t i = 0; i < kTimesFor; ++i) {
    const auto what = static_cast<TimeFor>(i);
    out << std::left << std::setw(24) << name_of(what) << std::right;
    for (const TimeTable* table : {&profile.steps, &profile.vae, &block}) cell(*table, table->ns_for(what));
    out << "\n";
  }
  out << "matrix products, of all time:  steps " << 100 * profile.steps.product_share() << " %, both "
      << 100 * block.product_share() << " %\n";
}

}  // namespace

double median_of(std::vector<double> values) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

std::optional<double> BenchResult::frames_per_second() const {
  const double block_ms =
      static_cast<double>(options.steps) * median_of(step_ms) + (vae_ms.empty() ? 0.0 : median_of(vae_ms));
  if (block_ms <= 0) return std::nullopt;
  return static_cast<double>(kBlockFrames) * kMsPerSecond / block_ms;
}

json json_of(const BenchResult& result) {
  const BenchOptions& options = result.options;
  json document = {{"config", options.config.string()},
                   {"size", std::to_string(options.size.width) + "*" + std::to_string(options.size.height)},
                   {"precision", options.precision == at::kFloat ? "fp32" : "bf16"},
                   {"order", order_name(options.order)},
                   {"layout", layout_name(options)},
                   {"layers", result.layers},
                   {"device", options.device.is_cpu() ? "cpu" : "cuda"},
                   {"threads", options.threads},
                   {"libtorch", TORCH_VERSION},
                   {"blocks", options.blocks},
                   {"warmup_blocks", options.warmup_blocks},
                   {"steps", options.steps},
                   {"step_ms", times_json(result.step_ms)},
                   {"vae_block_ms", times_json(result.vae_ms)},
                   {"frames_per_second", json_or_null(result.frames_per_second())},
                   {"memory", memory_json(result.memory)}};
  document["profile"] = result.profile ? profile_json(*result.profile) : json(nullptr);
  return document;
}

std::string text_of(const BenchResult& result) {
  std::ostringstream out;
  out << std::fixed << std::setprecision(1);
  out << "one step of one block: " << median_of(result.step_ms) << " ms\n";
  if (!result.vae_ms.empty()) out << "decoding one block:    " << median_of(result.vae_ms) << " ms\n";
  if (const auto frames = result.frames_per_second()) {
    out << "frames per second:     " << std::setprecision(3) << *frames << std::setprecision(1) << "\n";
  }
  write_memory(out, result.memory);
  if (result.profile) write_profile(out, *result.profile);
  return out.str();
}

}  // namespace longtake
