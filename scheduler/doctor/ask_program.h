#pragma once

#include <chrono>
#include <map>
#include <string>
#include <vector>

namespace longtake {

/// What a program that was asked something said, and how it ended.
struct Answer {
  bool was_started = false;  ///< false: there is no such program
  bool was_late = false;     ///< it was ended because its time was up
  int exit_code = 0;         ///< 128 + the signal that ended it
  std::string out;
  std::string err;

  bool is_good() const { return was_started && !was_late && exit_code == 0; }
};

/// Runs `command` (looked up in PATH) to its end, with `changed` in place of those variables of our
/// environment. One that takes longer than `limit` is asked to end (SIGTERM), and two seconds later killed
/// with all of its process group. Throws Error{Io} when no process can be made.
Answer ask_program(const std::vector<std::string>& command, std::chrono::milliseconds limit,
                   const std::map<std::string, std::string>& changed = {});

}  // namespace longtake
