#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>

#include "jobs/error.h"
#include "tests/temp_path.h"

namespace longtake {

/// The message of the Error{InvalidInput} that `attempt` ends with; empty when it succeeds.
inline std::string refusal_of(const std::function<void()>& attempt) {
  try {
    attempt();
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::InvalidInput) << e.what();
    return e.what();
  }
  return "";
}

/// An empty folder of this test.
inline std::filesystem::path empty_folder(const std::string& name) {
  const std::filesystem::path folder = temp_path(name);
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  return folder;
}

inline std::string bytes_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

inline void write_bytes(const std::filesystem::path& path, const std::string& bytes) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << bytes;
}

}  // namespace longtake
