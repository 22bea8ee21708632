#include "scheduler/cli/problems.h"

#include <cstdio>

#include "jobs/error.h"
#include "scheduler/cli/commands.h"

namespace longtake {
namespace {

RunResult failure(int exit_code, const std::string& message) {
  std::fprintf(stderr, "longtake: %s\n", message.c_str());
  RunResult result;
  result.exit_code = exit_code;
  result.message = message;
  return result;
}

std::string lines_of(const std::vector<Problem>& problems) {
  std::string lines;
  for (const Problem& problem : problems) lines += (lines.empty() ? "" : "\n          ") + to_string(problem);
  return lines;
}

}  // namespace

RunResult failure_of_current_exception() {
  try {
    throw;
  } catch (const ProblemsFound& found) {
    return failure(kExitUser, lines_of(found.problems));
  } catch (const Error& e) {
    const bool is_users = e.kind() == ErrorKind::InvalidInput || e.kind() == ErrorKind::DiskFull;
    return failure(is_users ? kExitUser : kExitFailed, e.what());
  } catch (const std::exception& e) {
    return failure(kExitFailed, e.what());
  }
}

}  // namespace longtake
