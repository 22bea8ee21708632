#include "scheduler/cli/options.h"

namespace longtake {

std::filesystem::path work_dir_of(const CliOptions& options) {
  if (!options.work_dir.empty()) return std::filesystem::absolute(options.work_dir).lexically_normal();
  const std::filesystem::path beside = options.jobs.empty()
                                           ? std::filesystem::current_path()
                                           : std::filesystem::absolute(options.jobs[0]).parent_path();
  return (beside / "longtake-work").lexically_normal();
}

}  // namespace longtake
