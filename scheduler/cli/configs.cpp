#include "scheduler/cli/configs.h"

#include <cstdlib>

#include "jobs/error.h"
#include "jobs/job_files.h"
#include "jobs/presets.h"
#include "scheduler/cli/program_beside.h"
#include "scheduler/trained_size.h"

namespace longtake {
namespace {

namespace fs = std::filesystem;

JobOverrides overrides_of(const CliOptions& options) {
  JobOverrides overrides;
  overrides.engine = engine_kind_from(options.engine);
  if (!options.model.empty()) overrides.model = options.model;
  return overrides;
}

/// The model that a job does not name, and the size that it leaves to the model.
void complete(JobSpec& job, std::vector<Problem>& problems) {
  if (job.engine != EngineKind::LiveAvatar) return;
  if (job.model.empty()) job.model = bundled_model().value_or("");
  try {
    take_trained_size(job);
  } catch (const Error& e) {
    if (e.kind() != ErrorKind::InvalidInput) throw;
    problems.push_back(problem_of(job, "model", e.what(), ""));
  }
}

}  // namespace

fs::path configs_folder() {
  if (const char* folder = std::getenv("LONGTAKE_CONFIGS")) return folder;
  for (const fs::path& folder : {program_beside("../share/longtake"), fs::path(LONGTAKE_SOURCE_CONFIGS)}) {
    if (fs::is_directory(folder / "profiles")) return folder;
  }
  throw Error(ErrorKind::InvalidInput,
              "cannot find the configs folder (profiles/, presets/): set LONGTAKE_CONFIGS");
}

std::optional<fs::path> bundled_model() {
  const fs::path folder = fs::absolute(configs_folder() / "models" / "tiny").lexically_normal();
  return fs::exists(folder / "config.json") ? std::optional(folder) : std::nullopt;
}

std::vector<JobSpec> load_jobs_of(const CliOptions& options) {
  std::vector<Problem> problems;
  const PresetLibrary presets = load_presets(configs_folder() / "presets", problems);
  std::vector<JobSpec> jobs = load_jobs(options.jobs, presets, overrides_of(options), problems);
  for (JobSpec& job : jobs) complete(job, problems);
  if (!problems.empty()) throw ProblemsFound{problems};
  return jobs;
}

Profile load_profile_of(const CliOptions& options, const std::vector<Gpu>& gpus) {
  std::vector<Problem> problems;
  const fs::path folder = configs_folder() / "profiles";
  if (options.profile.empty()) {
    const std::vector<Profile> known = load_profiles(folder, problems);
    if (problems.empty()) return choose_profile(gpus, known);
  } else if (auto profile = find_profile(options.profile, folder, problems)) {
    return *profile;
  }
  throw ProblemsFound{problems};
}

}  // namespace longtake
