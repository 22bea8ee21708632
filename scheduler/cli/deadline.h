#pragma once

#include <cstdint>
#include <ctime>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "scheduler/time_left.h"

/// By when a run has to be over, as people and Slurm say it. Times are seconds since 1970.
namespace longtake {

/// What `longtake run` tells the ranks that it starts: seconds since 1970, so that 7h30m is not counted
/// twice.
inline constexpr const char* kDeadlineVariable = "LONGTAKE_DEADLINE";

/// How local time is counted; mktime's rules for what does not exist.
struct LocalTime {
  std::function<std::tm(std::int64_t seconds)> civil;
  std::function<std::int64_t(std::tm)> seconds;
};
LocalTime local_time_here();

/// Of a duration from now on, a time ("2026-11-24T06:00"), or the next time that a clock shows "06:00"; with
/// or without seconds. Throws Error{InvalidInput} that names --deadline, also for what is past.
Deadline deadline_from(const std::string& text, std::int64_t now_s, const LocalTime& local);

struct DeadlineSources {
  std::string option;                            ///< --deadline; empty: not given
  std::map<std::string, std::string> variables;  ///< the environment
  /// What squeue says of the time left to a job; empty when it says nothing.
  std::function<std::string(const std::string& job)> ask_slurm;
};

/// What the process that started this one found, else --deadline, else the end of the Slurm job; nullopt when
/// there is none. Throws as deadline_from().
std::optional<Deadline> find_deadline(const DeadlineSources& sources, std::int64_t now_s,
                                      const LocalTime& local);

/// The same for this process.
std::optional<Deadline> deadline_here(const std::string& option);

}  // namespace longtake
