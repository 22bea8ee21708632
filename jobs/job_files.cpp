#include "jobs/job_files.h"

#include <map>
#include <set>

namespace longtake {
namespace fs = std::filesystem;
namespace {

fs::path true_path(const fs::path& path) {
  std::error_code error;
  const fs::path canonical = fs::weakly_canonical(path, error);
  return error ? fs::absolute(path).lexically_normal() : canonical;
}

/// The override is the same for every job: judged once, not once per file.
void check_model_override(const JobOverrides& overrides, std::vector<Problem>& problems) {
  std::error_code error;
  if (!overrides.model || overrides.engine == EngineKind::Slate || fs::is_directory(*overrides.model, error))
    return;
  problems.push_back({"", 0, "--model", "there is no folder " + fs::absolute(*overrides.model).string(),
                      "give the checkpoint's folder"});
}

std::string place_of(const JobSpec& job, const std::string& key) {
  const auto line = job.lines.find(key);
  return job.file.string() + (line == job.lines.end() ? "" : ":" + std::to_string(line->second));
}

/// What the jobs read so far have taken, and by which of them.
struct Taken {
  std::set<fs::path> files;
  std::map<std::string, std::string> names;  ///< to the place of the name
  std::map<fs::path, std::string> outputs;   ///< to the place of the output
};

void check_and_take(const JobSpec& job, Taken& taken, std::vector<Problem>& problems) {
  if (!job.name.empty()) {
    const auto [name, is_new] = taken.names.emplace(job.name, place_of(job, "name"));
    if (!is_new) {
      problems.push_back(problem_of(job, "name",
                                    "'" + job.name + "' is also the name of the job in " + name->second,
                                    "give each job a name of its own"));
    }
  }
  if (job.output.empty()) return;
  const auto [output, is_new] = taken.outputs.emplace(true_path(job.output), place_of(job, "output"));
  if (is_new) return;
  problems.push_back(problem_of(job, "output",
                                job.output.string() + " is also the output of the job in " + output->second,
                                "give each film a file of its own"));
}

}  // namespace

std::vector<JobSpec> load_jobs(const std::vector<fs::path>& files, const PresetLibrary& presets,
                               const JobOverrides& overrides, std::vector<Problem>& problems) {
  std::vector<JobSpec> jobs;
  Taken taken;
  check_model_override(overrides, problems);
  for (const fs::path& file : files) {
    if (!taken.files.insert(true_path(file)).second) {
      problems.push_back({file.string(), 0, "", "is given twice", "name each job file once"});
      continue;
    }
    std::optional<JobSpec> job = parse_job(file, presets, overrides, problems);
    if (!job) continue;
    check_and_take(*job, taken, problems);
    jobs.push_back(std::move(*job));
  }
  return jobs;
}

}  // namespace longtake
