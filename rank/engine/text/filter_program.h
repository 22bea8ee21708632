#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace longtake {

/// Starts a program that lies beside this one (or at an absolute path), gives it `input` and returns all that
/// it prints. Its exit code is its own affair. Throws Error{Io} when it cannot be started or says nothing for
/// a minute.
std::string output_of(const std::string& program, const std::vector<std::string>& arguments,
                      const std::string& input);

}  // namespace longtake
