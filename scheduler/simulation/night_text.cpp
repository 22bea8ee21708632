#include "scheduler/simulation/night_text.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <sstream>

namespace longtake {
namespace {

constexpr std::size_t kColumns = 60;
constexpr double kHour_s = 3600;

template <class... Values>
std::string format(const char* pattern, Values... values) {
  std::array<char, 256> text{};
  std::snprintf(text.data(), text.size(), pattern, values...);
  return text.data();
}

/// "1:02:03"
std::string clock_text(double seconds) {
  const auto whole = static_cast<long long>(seconds + 0.5);
  return format("%lld:%02lld:%02lld", whole / 3600, whole / 60 % 60, whole % 60);
}

double seconds_of(std::int64_t ms) { return static_cast<double>(ms) / 1000; }

double all_gpu_seconds(const NightResult& result) {
  return static_cast<double>(result.gpus) * seconds_of(result.makespan_ms);
}

std::string percent_of_night(const NightResult& result, double gpu_s) {
  const double all_s = all_gpu_seconds(result);
  return format("%.2f %%", all_s > 0 ? 100 * gpu_s / all_s : 0);
}

std::string gpu_time_line(const NightResult& result) {
  const GpuSeconds& used = result.usage.total();
  const double idle_s = std::max(0.0, all_gpu_seconds(result) - used.of(GpuUse::Kept) -
                                          used.of(GpuUse::Lost) - used.of(GpuUse::Loading));
  return "kept " + percent_of_night(result, used.of(GpuUse::Kept)) + ", lost " +
         percent_of_night(result, used.of(GpuUse::Lost)) + ", loading " +
         percent_of_night(result, used.of(GpuUse::Loading)) + ", idle or out " +
         percent_of_night(result, idle_s);
}

/// One character for each part of the night, the higher the more GPUs make what is kept.
std::string busy_line(const NightResult& result) {
  constexpr std::array<const char*, 9> kBars = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  const double part_s = all_gpu_seconds(result) / static_cast<double>(kColumns);
  std::string line;
  for (const GpuSeconds& part : result.usage.in_parts(kColumns, result.makespan_ms)) {
    const double share = part_s > 0 ? part.of(GpuUse::Kept) / part_s : 0;
    line += kBars[static_cast<std::size_t>(std::clamp(share * 8 + 0.5, 0.0, 8.0))];
  }
  return line;
}

std::string faults_line(const NightResult& result) {
  return format("%lld GPUs, %lld nodes, %lld pre-emptions; the night took %d %s",
                static_cast<long long>(result.faults.gpus), static_cast<long long>(result.faults.nodes),
                static_cast<long long>(result.faults.preemptions), result.starts,
                result.starts == 1 ? "run" : "runs");
}

std::string attempts_line(const AttemptCounts& attempts) {
  return format("%lld: %lld finished, %lld failed, %lld lost, %lld cancelled",
                static_cast<long long>(attempts.started), static_cast<long long>(attempts.finished),
                static_cast<long long>(attempts.failed), static_cast<long long>(attempts.lost),
                static_cast<long long>(attempts.cancelled));
}

}  // namespace

std::string to_text(const NightResult& result) {
  const LowerBound& bound = result.bound;
  std::ostringstream text;
  text << format("%zu GPUs on %zu nodes in %zu groups; %zu films of %.1f hours in %zu ranges, %zu segments\n",
                 result.gpus, result.nodes, result.groups, result.jobs,
                 static_cast<double>(result.frames) / kFramesPerSecond / kHour_s, result.ranges,
                 result.segments);
  text << "  night        " << clock_text(seconds_of(result.makespan_ms)) << " until the last segment, "
       << format("%.2f %% above the lower bound\n", 100 * result.overhead());
  text << "  lower bound  " << clock_text(bound.seconds()) << ": all work on all GPUs "
       << clock_text(bound.work_per_gpu_s) << ", longest chain " << clock_text(bound.longest_chain_s) << '\n';
  text << "  films ready  " << clock_text(seconds_of(result.films_ready_ms))
       << " (sounds and joins, one after the other)\n";
  text << "  GPU time     " << gpu_time_line(result) << '\n';
  text << format("  lost work    %.1f GPU-hours\n", result.usage.total().of(GpuUse::Lost) / kHour_s);
  text << "  attempts     " << attempts_line(result.attempts) << '\n';
  text << "  faults       " << faults_line(result) << '\n';
  text << "  busy         |" << busy_line(result) << "|\n";
  text << "               0:00:00" << std::string(kColumns - 12, ' ')
       << clock_text(seconds_of(result.makespan_ms)) << '\n';
  if (result.exit_code != 0)
    text << "  ended with exit code " << result.exit_code << ": " << result.message << '\n';
  return text.str();
}

nlohmann::json to_json(const NightResult& result) {
  const GpuSeconds& used = result.usage.total();
  const AttemptCounts& attempts = result.attempts;
  return {{"gpus", result.gpus},
          {"nodes", result.nodes},
          {"groups", result.groups},
          {"jobs", result.jobs},
          {"jobs_failed", result.jobs_failed},
          {"ranges", result.ranges},
          {"segments", result.segments},
          {"frames", result.frames},
          {"makespan_s", seconds_of(result.makespan_ms)},
          {"films_ready_s", seconds_of(result.films_ready_ms)},
          {"lower_bound_s", result.bound.seconds()},
          {"work_per_gpu_s", result.bound.work_per_gpu_s},
          {"longest_chain_s", result.bound.longest_chain_s},
          {"overhead", result.overhead()},
          {"utilisation", result.utilisation()},
          {"kept_gpu_h", used.of(GpuUse::Kept) / kHour_s},
          {"lost_gpu_h", used.of(GpuUse::Lost) / kHour_s},
          {"loading_gpu_h", used.of(GpuUse::Loading) / kHour_s},
          {"attempts",
           {{"started", attempts.started},
            {"finished", attempts.finished},
            {"failed", attempts.failed},
            {"lost", attempts.lost},
            {"cancelled", attempts.cancelled}}},
          {"faults",
           {{"gpus", result.faults.gpus},
            {"nodes", result.faults.nodes},
            {"preemptions", result.faults.preemptions}}},
          {"starts", result.starts},
          {"exit_code", result.exit_code},
          {"message", result.message}};
}

}  // namespace longtake
