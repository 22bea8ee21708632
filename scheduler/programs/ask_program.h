#pragma once

#include <chrono>
#include <map>
#include <string>
#include <vector>

namespace longtake {

/// What is asked of a program, which is a child process for so long.
struct Question {
  std::vector<std::string> command;                  ///< the program is looked up in PATH
  std::chrono::milliseconds limit;                   ///< it is ended when it takes longer
  std::map<std::string, std::string> environment{};  ///< in place of those variables of our environment
  std::string input{};                               ///< its standard input
};

/// What a program that was asked something said, and how it ended.
struct Answer {
  bool was_started = false;  ///< false: there is no such program
  bool was_late = false;     ///< it was ended because its time was up
  int exit_code = 0;         ///< 128 + the signal that ended it
  std::string out;
  std::string err;

  bool is_good() const { return was_started && !was_late && exit_code == 0; }
};

/// Runs the program to its end. One whose time is up is asked to end (SIGTERM), and two seconds later killed
/// with all of its process group. It gets SIGTERM too when we end before it, a terminal's Ctrl-C included,
/// which reaches us alone: what it holds, a GPU perhaps, is free again. Throws Error{Io} when no process can
/// be made.
Answer ask_program(const Question& question);

}  // namespace longtake
