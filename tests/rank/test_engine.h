#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

#include "jobs/engine_protocol.h"

namespace longtake {

/// The program of tests/faults/faulty_engine.cpp, which does with an order what its job is called.
/// `more`: faults besides, for example of its start.
inline std::filesystem::path faulty_engine(const std::string& more = "") {
  const std::string deeds =
      "pretend job=good; kill job=killed; exit job=exits; garbage job=garbage; endless job=endless;"
      "close job=closes; hang job=hangs; wait job=waits; last_words job=last-words; print job=prints;"
      "count_descriptors job=counts;";
  ::setenv("LONGTAKE_FAULTS", (deeds + more).c_str(), 1);
  return LONGTAKE_FAULTY_ENGINE;
}

/// An order that makes it do `deed`.
inline SegmentOrder order_to(const std::string& deed, std::int64_t attempt = 1) {
  SegmentOrder order;
  order.attempt = AttemptId{attempt};
  order.job = deed;
  return order;
}

}  // namespace longtake
