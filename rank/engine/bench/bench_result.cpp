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
          {"peak_process_bytes", json_or_null(memory.peak_process)},
          {"peak_reserved_bytes", json_or_null(memory.peak_reserved)},
          {"beside_tensors_bytes", json_or_null(memory.beside)}};
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

json encoder_json(const std::optional<EncoderTimes>& times) {
  if (!times) return nullptr;
  return {{"load_seconds", times->load_s},
          {"encode_ms", times->encode_ms},
          {"weight_bytes", times->weight_bytes},
          {"peak_tensor_bytes", times->peak_bytes}};
}

/// Of a step's median: how much of what the device can do.
json work_json(const BenchResult& result) {
  constexpr double kGigaPerMs = 1e9;
  if (result.step_ms.empty()) return nullptr;
  const double tflops = result.work.flop() / median_of(result.step_ms) / kGigaPerMs;
  json document = {{"linear_flop", result.work.linear_flop},
                   {"attention_flop", result.work.attention_flop},
                   {"step_tflops", tflops}};
  if (result.ceilings) {
    document["product_tflops_at_best"] = result.ceilings->product_tflops;
    document["copy_gb_per_s_at_best"] = result.ceilings->copy_gb_per_s;
    document["share_of_best"] = tflops / result.ceilings->product_tflops;
  }
  return document;
}

void add_asked_for(json& document, const BenchResult& result) {
  document["profile"] = result.profile ? profile_json(*result.profile) : json(nullptr);
  document["products"] = result.products.empty() ? json(nullptr) : json_of(result.products);
  document["encoders"] = nullptr;
  document["baseline"] = nullptr;
  if (result.encoders) {
    document["encoders"] = {{"text", encoder_json(result.encoders->text)},
                            {"speech", encoder_json(result.encoders->speech)}};
  }
  if (result.baseline) {
    document["baseline"] = {
        {"step_ms", times_json(result.baseline->step_ms)},
        {"peak_tensor_bytes", result.baseline->peak_bytes},
        {"times_faster", median_of(result.baseline->step_ms) / median_of(result.step_ms)}};
  }
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

void write_comparisons(std::ostream& out, const BenchResult& result) {
  const double step_ms = median_of(result.step_ms);
  const double tflops = result.work.flop() / step_ms / 1e9;
  out << "a step's products:     " << tflops << " TFLOP/s";
  if (result.ceilings) {
    out << ", " << 100 * tflops / result.ceilings->product_tflops << " % of the "
        << result.ceilings->product_tflops << " that " << result.device_name
        << " reaches (copies: " << result.ceilings->copy_gb_per_s << " GB/s)";
  }
  out << "\n";
  if (result.baseline) {
    const double plain_ms = median_of(result.baseline->step_ms);
    out << "written plainly:       " << plain_ms << " ms, " << std::setprecision(2) << plain_ms / step_ms
        << " times as long" << std::setprecision(1) << "\n";
  }
  if (result.encoders && result.encoders->text) {
    out << "text encoder:          " << result.encoders->text->encode_ms << " ms\n";
  }
  if (result.encoders && result.encoders->speech) {
    out << "speech encoder, 5 s:   " << result.encoders->speech->encode_ms << " ms\n";
  }
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
      static_cast<double>(steps.length()) * median_of(step_ms) + (vae_ms.empty() ? 0.0 : median_of(vae_ms));
  if (block_ms <= 0) return std::nullopt;
  return static_cast<double>(kBlockFrames) * kMsPerSecond / block_ms;
}

std::optional<double> BenchResult::frames_per_second_beside() const {
  if (beside_ms.empty()) return std::nullopt;
  const double block_ms = static_cast<double>(steps.length() - 1) * median_of(step_ms) + median_of(beside_ms);
  return static_cast<double>(kBlockFrames) * kMsPerSecond / block_ms;
}

json json_of(const BenchResult& result) {
  const BenchOptions& options = result.options;
  json document = {{"config", options.config.string()},
                   {"model", options.model.string()},
                   {"weights", result.has_random_weights ? "random" : "checkpoint"},
                   {"load_seconds", result.load_s},
                   {"clip_frames", options.clip_frames},
                   {"guided", options.is_guided},
                   {"size", std::to_string(options.size.width) + "*" + std::to_string(options.size.height)},
                   {"precision", precision_name(options)},
                   {"kv_cache_dtype", std::string(name_of(options.kv_cache_dtype))},
                   {"order", order_name(options.order)},
                   {"layout", layout_name(options)},
                   {"layers", result.layers},
                   {"stage_steps", result.steps},
                   {"device", options.device.is_cpu() ? "cpu" : "cuda"},
                   {"device_name", result.device_name},
                   {"memory_limit_bytes", options.memory_bytes},
                   {"threads", options.threads},
                   {"libtorch", TORCH_VERSION},
                   {"blocks", options.blocks},
                   {"warmup_blocks", options.warmup_blocks},
                   {"steps", options.steps},
                   {"step_ms", times_json(result.step_ms)},
                   {"vae_block_ms", times_json(result.vae_ms)},
                   {"last_step_and_vae_ms",
                    {{"beside", times_json(result.beside_ms)}, {"in_turn", times_json(result.in_turn_ms)}}},
                   {"frames_per_second", json_or_null(result.frames_per_second())},
                   {"frames_per_second_beside", json_or_null(result.frames_per_second_beside())},
                   {"work", work_json(result)},
                   {"memory", memory_json(result.memory)}};
  add_asked_for(document, result);
  return document;
}

std::string text_of(const BenchResult& result) {
  std::ostringstream out;
  out << std::fixed << std::setprecision(1);
  if (!result.step_ms.empty()) out << "one step of one block: " << median_of(result.step_ms) << " ms\n";
  if (!result.vae_ms.empty()) out << "decoding one block:    " << median_of(result.vae_ms) << " ms\n";
  if (const auto frames = result.frames_per_second()) {
    out << "frames per second:     " << std::setprecision(3) << *frames << std::setprecision(1) << "\n";
  }
  if (const auto frames = result.frames_per_second_beside()) {
    out << "last step and decoding: " << median_of(result.beside_ms) << " ms beside each other, "
        << median_of(result.in_turn_ms) << " ms in turn\n"
        << "frames per second:     " << std::setprecision(3) << *frames << std::setprecision(1)
        << " with decoding beside the last step\n";
  }
  if (!result.step_ms.empty()) write_comparisons(out, result);
  write_memory(out, result.memory);
  write(out, result.products);
  if (result.profile) write_profile(out, *result.profile);
  return out.str();
}

}  // namespace longtake
