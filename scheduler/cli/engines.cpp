#include "scheduler/cli/engines.h"

#include "scheduler/cli/configs.h"
#include "scheduler/cli/program_beside.h"

namespace longtake {

std::map<std::string, std::filesystem::path> engine_programs() {
  // longtake-engine is built, but not offered to jobs yet: its groups of several ranks are not there.
  return {{std::string(name_of(EngineKind::Slate)), program_beside("longtake-slate")}};
}

void require_engines(const std::vector<JobSpec>& jobs) {
  const auto programs = engine_programs();
  std::vector<Problem> problems;
  for (const JobSpec& job : jobs) {
    const std::string engine(name_of(job.engine));
    const auto program = programs.find(engine);
    if (program != programs.end() && std::filesystem::exists(program->second)) continue;
    problems.push_back(problem_of(job, "engine", "is " + engine + ", which films cannot be made with yet",
                                  "write engine: slate, or give --engine slate"));
  }
  if (!problems.empty()) throw ProblemsFound{problems};
}

}  // namespace longtake
