#include "scheduler/cli/deadline.h"

#include <array>
#include <regex>

#include "jobs/error.h"
#include "scheduler/cli/duration.h"
#include "scheduler/cli/environment.h"
#include "scheduler/programs/ask_program.h"
#include "scheduler/slurm/time_limit.h"

namespace longtake {
namespace {

constexpr std::int64_t kDay_s = 24 * 3600;
constexpr std::int64_t kNoLimit_s = 180 * kDay_s;  ///< a job without a limit is said to end in a year
constexpr const char* kRemedy = "write a time (2026-11-24T06:00 or 06:00) or how long from now (7h30m)";

[[noreturn]] void refuse(const std::string& text, const std::string& why) {
  throw Error(ErrorKind::InvalidInput, "--deadline '" + text + "' " + why + "; " + kRemedy);
}

std::int64_t number_of(const std::ssub_match& match) { return match.matched ? std::stoll(match.str()) : 0; }

/// The local time that `text` names; nullopt when it names none.
std::optional<std::int64_t> time_s(const std::string& text, std::int64_t now_s, const LocalTime& local) {
  static const std::regex pattern(R"((?:(\d{4})-(\d\d)-(\d\d)[T ])?(\d\d):(\d\d)(?::(\d\d))?)");
  std::smatch parts;
  if (!std::regex_match(text, parts, pattern)) return std::nullopt;
  std::tm wanted = local.civil(now_s);
  const bool has_date = parts[1].matched;
  if (has_date) {
    wanted.tm_year = static_cast<int>(number_of(parts[1])) - 1900;
    wanted.tm_mon = static_cast<int>(number_of(parts[2])) - 1;
    wanted.tm_mday = static_cast<int>(number_of(parts[3]));
  }
  wanted.tm_hour = static_cast<int>(number_of(parts[4]));
  wanted.tm_min = static_cast<int>(number_of(parts[5]));
  wanted.tm_sec = static_cast<int>(number_of(parts[6]));
  wanted.tm_isdst = -1;
  const std::int64_t seconds = local.seconds(wanted);
  const std::tm found = local.civil(seconds);
  const bool is_real = found.tm_mon == wanted.tm_mon && found.tm_mday == wanted.tm_mday &&
                       found.tm_hour == wanted.tm_hour && found.tm_min == wanted.tm_min;
  if (!is_real) return std::nullopt;
  if (has_date || seconds > now_s) return seconds;
  ++wanted.tm_mday;
  return local.seconds(wanted);
}

std::string clock_text(std::int64_t seconds, std::int64_t now_s, const LocalTime& local) {
  const std::tm civil = local.civil(seconds);
  std::array<char, 32> text{};
  const char* format = seconds - now_s < kDay_s ? "%H:%M" : "%Y-%m-%d %H:%M";
  std::strftime(text.data(), text.size(), format, &civil);
  return text.data();
}

Deadline deadline_at(std::int64_t seconds, std::int64_t now_s, const LocalTime& local) {
  return {seconds * 1000, clock_text(seconds, now_s, local)};
}

/// A variable that holds seconds since 1970.
std::optional<std::int64_t> seconds_in(const std::map<std::string, std::string>& variables,
                                       const char* name) {
  const auto found = variables.find(name);
  static const std::regex number(R"(\d{1,12})");
  if (found == variables.end() || !std::regex_match(found->second, number)) return std::nullopt;
  return std::stoll(found->second);
}

/// The number squeue knows this job by, empty outside Slurm. A task of an array is named by both its numbers:
/// its SLURM_JOB_ID alone may stand for the whole array.
std::string slurm_job(const std::map<std::string, std::string>& variables) {
  const auto value = [&](const char* name) {
    const auto found = variables.find(name);
    return found == variables.end() ? std::string() : found->second;
  };
  const std::string array = value("SLURM_ARRAY_JOB_ID"), task = value("SLURM_ARRAY_TASK_ID");
  return array.empty() || task.empty() ? value("SLURM_JOB_ID") : array + "_" + task;
}

/// Slurm is asked once, and not waited for when it does not answer.
std::string ask_squeue(const std::string& job) {
  constexpr std::chrono::seconds kPatience{5};
  static const std::regex number(R"([0-9_]+)");
  if (!std::regex_match(job, number)) return {};
  const Answer answer = ask_program({{"squeue", "-h", "-j", job, "-o", "%L"}, kPatience});
  return answer.out.substr(0, answer.out.find('\n'));
}

}  // namespace

LocalTime local_time_here() {
  LocalTime local;
  local.civil = [](std::int64_t seconds) {
    const auto time = static_cast<std::time_t>(seconds);
    std::tm civil{};
    ::localtime_r(&time, &civil);
    return civil;
  };
  local.seconds = [](std::tm civil) { return static_cast<std::int64_t>(std::mktime(&civil)); };
  return local;
}

Deadline deadline_from(const std::string& text, std::int64_t now_s, const LocalTime& local) {
  const auto duration = duration_s(text);
  const auto seconds = duration ? std::optional(now_s + *duration) : time_s(text, now_s, local);
  if (!seconds) refuse(text, "is neither a time nor a duration");
  if (*seconds <= now_s) refuse(text, "is not in the future");
  return deadline_at(*seconds, now_s, local);
}

std::optional<Deadline> find_deadline(const DeadlineSources& sources, std::int64_t now_s,
                                      const LocalTime& local) {
  if (const auto told = seconds_in(sources.variables, kDeadlineVariable))
    return deadline_at(*told, now_s, local);
  if (!sources.option.empty()) return deadline_from(sources.option, now_s, local);
  const std::string job = slurm_job(sources.variables);
  if (job.empty()) return std::nullopt;
  auto end = seconds_in(sources.variables, "SLURM_JOB_END_TIME");
  if (!end) {
    const auto left_s = slurm_duration_s(sources.ask_slurm(job));
    if (left_s) end = now_s + *left_s;
  }
  if (!end || *end - now_s > kNoLimit_s) return std::nullopt;
  return deadline_at(*end, now_s, local);
}

std::optional<Deadline> deadline_here(const std::string& option) {
  return find_deadline({option, environment(), ask_squeue}, std::time(nullptr), local_time_here());
}

}  // namespace longtake
