#include "scheduler/cli/run_result.h"

#include <cstdio>

#include "scheduler/cli/console.h"

namespace longtake {

std::string json_text_of(const nlohmann::json& document, int indent) {
  return document.dump(indent, ' ', false, nlohmann::json::error_handler_t::replace);
}

void print_result(const RunResult& result, bool as_json) {
  if (as_json) {
    std::printf("%s\n", json_text_of(result).c_str());
    return;
  }
  for (const JobStatus& job : result.jobs) {
    if (job.state == "done") {
      std::printf("%s: %s (%lld frames)\n", job.name.c_str(), job.output.c_str(),
                  static_cast<long long>(job.frames));
    } else {
      // A run that ended in the middle leaves jobs that are neither done nor failed.
      const char* state = job.state == "failed" ? "failed" : "not finished";
      std::printf("%s: %s, %lld of %lld frames made%s%s\n", job.name.c_str(), state,
                  static_cast<long long>(job.frames_done), static_cast<long long>(job.frames),
                  job.message.empty() ? "" : ": ", job.message.c_str());
    }
  }
  // 0: the scheduler was killed and nobody knows.
  const std::string took = result.seconds > 0 ? " (" + duration_text(result.seconds) + ")" : "";
  std::printf("%s%s\n", result.message.c_str(), took.c_str());
}

}  // namespace longtake
