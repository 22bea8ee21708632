#include "scheduler/cli/problems.h"

#include <cstdio>

#include "jobs/error.h"
#include "scheduler/cli/commands.h"

namespace longtake {
namespace {

RunResult failure(int exit_code, std::string message) {
  std::fprintf(stderr, "longtake: %s\n", message.c_str());
  RunResult result;
  result.exit_code = exit_code;
  result.message = std::move(message);
  return result;
}

RunResult failure(const std::vector<Problem>& problems) {
  RunResult result;
  result.exit_code = kExitUser;
  for (const Problem& problem : problems) {
    result.problems.push_back(to_string(problem));
    std::fprintf(stderr, "longtake: %s\n", result.problems.back().c_str());
  }
  result.message = std::to_string(problems.size()) + (problems.size() == 1 ? " problem" : " problems");
  return result;
}

}  // namespace

RunResult failure_of_current_exception() {
  try {
    throw;
  } catch (const ProblemsFound& found) {
    return failure(found.problems);
  } catch (const Error& e) {
    const bool is_users = e.kind() == ErrorKind::InvalidInput || e.kind() == ErrorKind::DiskFull;
    return failure(is_users ? kExitUser : kExitFailed, e.what());
  } catch (const std::exception& e) {
    return failure(kExitFailed, e.what());
  }
}

}  // namespace longtake
