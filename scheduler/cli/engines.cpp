#include "scheduler/cli/engines.h"

#include "scheduler/cli/configs.h"
#include "scheduler/cli/program_beside.h"

namespace longtake {

std::map<std::string, std::filesystem::path> engine_programs() {
  return {{std::string(name_of(EngineKind::Slate)), program_beside("longtake-slate")},
          {std::string(name_of(EngineKind::LiveAvatar)), program_beside("longtake-engine")}};
}

void require_engines(const std::vector<JobSpec>& jobs) {
  const auto programs = engine_programs();
  std::vector<Problem> problems;
  for (const JobSpec& job : jobs) {
    const std::string engine(name_of(job.engine));
    if (std::filesystem::exists(programs.at(engine))) continue;
    problems.push_back(problem_of(job, "engine", "is " + engine + ", which is not part of this build",
                                  "write engine: slate, or give --engine slate"));
  }
  if (!problems.empty()) throw ProblemsFound{problems};
}

}  // namespace longtake
