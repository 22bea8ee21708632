#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

#include "jobs/engine_protocol.h"

namespace longtake {

/// The program of tests/rank/misbehaving_engine.cpp.
inline std::filesystem::path misbehaving_engine(const std::string& start = "normal") {
  ::setenv("LONGTAKE_TEST_ENGINE", start.c_str(), 1);
  return LONGTAKE_MISBEHAVING_ENGINE;
}

/// An order that makes it do `deed`.
inline SegmentOrder order_to(const std::string& deed, std::int64_t attempt = 1) {
  SegmentOrder order;
  order.attempt = AttemptId{attempt};
  order.job = deed;
  return order;
}

}  // namespace longtake
