#include "scheduler/cli/console.h"

#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <sstream>

namespace longtake {
namespace {

constexpr std::int64_t kLogEvery_ms = 30000;

std::int64_t steady_ms() {
  const auto since = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(since).count();
}

template <class... Values>
std::string format(const char* pattern, Values... values) {
  char text[512];
  std::snprintf(text, sizeof text, pattern, values...);
  return text;
}

std::string job_line(const JobStatus& job) {
  const double percent =
      job.frames > 0 ? 100.0 * static_cast<double>(job.frames_done) / static_cast<double>(job.frames) : 0;
  std::string line = format("  %-24s %-8s %5.1f %%  frames %lld/%lld  segments %lld/%lld", job.name.c_str(),
                            job.state.c_str(), percent, static_cast<long long>(job.frames_done),
                            static_cast<long long>(job.frames), static_cast<long long>(job.segments_done),
                            static_cast<long long>(job.segments));
  if (job.frames_per_second > 0) {
    line += format("  %.1f frames/s  ETA %s", job.frames_per_second, duration_text(job.eta_s).c_str());
  }
  if (job.state == "done") line += "  " + job.output;
  if (!job.message.empty()) line += "  " + job.message;
  return line;
}

std::string group_line(const GroupStatus& group) {
  std::string ranks;
  for (const std::int64_t rank : group.ranks) ranks += (ranks.empty() ? "" : ",") + std::to_string(rank);
  std::string line = format("  group %lld  rank %s  %s  %s", static_cast<long long>(group.group),
                            ranks.c_str(), group.host.c_str(), group.state.c_str());
  if (group.job.empty()) return line;
  return line + format("  %s clips %lld:%lld  frames %lld/%lld", group.job.c_str(),
                       static_cast<long long>(group.clips.begin), static_cast<long long>(group.clips.end),
                       static_cast<long long>(group.frames_done), static_cast<long long>(group.frames));
}

std::string run_line(const RunStatus& status) {
  if (status.epoch == 0) return "no run yet";
  std::string line = format("run %lld on %s (profile %s), ", static_cast<long long>(status.epoch),
                            status.host.c_str(), status.profile.c_str());
  if (!status.is_running) return line + "not running: " + status.message;
  line += format("pid %d, %s", status.pid, status.is_draining ? "draining" : "running");
  if (!status.paused.empty()) line += ", paused: " + status.paused;
  return line;
}

}  // namespace

std::string duration_text(double seconds) {
  if (seconds < 0) return "?";
  const auto whole = static_cast<long long>(seconds + 0.5);
  return format("%lld:%02lld:%02lld", whole / 3600, whole / 60 % 60, whole % 60);
}

std::string progress_line(const RunStatus& status) {
  std::int64_t clips = 0, clips_done = 0, frames = 0, frames_done = 0;
  for (const JobStatus& job : status.jobs) {
    clips += job.clips;
    clips_done += job.clips_done;
    frames += job.frames;
    frames_done += job.frames_done;
  }
  std::int64_t busy = 0;
  for (const GroupStatus& group : status.groups) busy += group.state == "busy" ? 1 : 0;
  const double percent =
      frames > 0 ? 100.0 * static_cast<double>(frames_done) / static_cast<double>(frames) : 0;
  std::string line = format("clips %lld/%lld  %.1f %%  %.1f frames/s  ETA %s  %lld of %zu groups busy",
                            static_cast<long long>(clips_done), static_cast<long long>(clips), percent,
                            status.frames_per_second, duration_text(status.eta_s).c_str(),
                            static_cast<long long>(busy), status.groups.size());
  if (status.is_draining) line += "  draining";
  if (!status.paused.empty()) line += "  paused: " + status.paused;
  return line;
}

std::string status_text(const RunStatus& status) {
  std::ostringstream text;
  text << run_line(status) << '\n';
  if (status.is_running) text << progress_line(status) << '\n';
  if (!status.jobs.empty()) text << "jobs\n";
  for (const JobStatus& job : status.jobs) text << job_line(job) << '\n';
  if (!status.groups.empty()) text << "groups\n";
  for (const GroupStatus& group : status.groups) text << group_line(group) << '\n';
  if (!status.events.empty()) text << "last events\n";
  for (const EventStatus& event : status.events) {
    text << "  " << event.at << "  " << (event.job.empty() ? event.kind : event.job) << ": " << event.text
         << '\n';
  }
  return text.str();
}

void Console::show(const RunStatus& status) {
  const std::string line = progress_line(status);
  const std::int64_t now_ms = steady_ms();
  if (is_terminal_) {
    if (line == last_line_) return;
    std::fprintf(stderr, "\r\033[K%s", line.c_str());
    std::fflush(stderr);
    has_line_ = true;
  } else {
    if (now_ms - shown_ms_ < kLogEvery_ms || line == last_line_) return;
    std::fprintf(stderr, "longtake: %s\n", line.c_str());
  }
  last_line_ = line;
  shown_ms_ = now_ms;
}

void Console::show(const EventNoted& event) {
  if (has_line_) std::fprintf(stderr, "\r\033[K");
  has_line_ = false;
  last_line_.clear();
  const std::string& about = event.job.empty() ? event.kind : event.job;
  std::fprintf(stderr, "longtake: %s: %s\n", about.c_str(), event.text.c_str());
}

bool is_progress_on_terminal() {
  const char* told = std::getenv("LONGTAKE_TERMINAL");
  return ::isatty(STDERR_FILENO) == 1 || (told != nullptr && std::string(told) == "1");
}

}  // namespace longtake
