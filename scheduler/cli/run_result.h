#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "scheduler/run_status.h"

namespace longtake {

/// How a run ended. The launcher's own exit code does not tell (mpirun's is always 0 with --enable-recovery,
/// srun's is the highest of its ranks), so the scheduler's process leaves this in a file for the process that
/// started it.
struct RunResult {
  int exit_code = 1;
  std::string message;
  std::string work_dir;
  double seconds = 0;
  std::vector<JobStatus> jobs;
  std::vector<std::string> problems;  ///< what the user must change, a line each
};

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(RunResult, exit_code, message, work_dir, seconds, jobs, problems)

inline constexpr const char* kResultFileVariable = "LONGTAKE_RESULT_FILE";

/// Whatever bytes are in its texts: a path need not be UTF-8.
std::string json_text_of(const nlohmann::json& document, int indent = 2);

/// To standard output: one JSON document, or lines for people.
void print_result(const RunResult& result, bool as_json);

}  // namespace longtake
