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
    const std::filesystem::path& program = programs.at(engine);
    if (!std::filesystem::exists(program)) {
      problems.push_back(problem_of(job, "engine", "is " + engine + ", but there is no " + program.string(),
                                    "install it, or write engine: slate"));
    }
  }
  if (!problems.empty()) throw ProblemsFound{problems};
}

void require_models(const std::vector<JobSpec>& jobs) {
  std::vector<Problem> problems;
  for (const JobSpec& job : jobs) {
    if (job.engine != EngineKind::LiveAvatar || !job.model.empty()) continue;
    problems.push_back(problem_of(
        job, "model",
        "is not given, and the bundled one is not installed in " + configs_folder().string() + "/models/tiny",
        "write model: FOLDER or give --model FOLDER; --engine slate needs none"));
  }
  if (!problems.empty()) throw ProblemsFound{problems};
}

}  // namespace longtake
