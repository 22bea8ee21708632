#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "scheduler/cli/program.h"

namespace longtake {

/// How a command line ended and what it said.
struct Ended {
  int exit_code;
  std::string out;
  std::string err;
};

/// `longtake` with these words behind it, in this process.
inline Ended typed(std::vector<std::string> words, const JobCommands& commands = {}) {
  words.insert(words.begin(), "longtake");
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  const int exit_code = run_program(commands, static_cast<int>(arguments.size()), arguments.data());
  return {exit_code, testing::internal::GetCapturedStdout(), testing::internal::GetCapturedStderr()};
}

}  // namespace longtake
