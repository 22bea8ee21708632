#include "jobs/job_files.h"

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

bool is_given_before(const std::vector<fs::path>& files, std::size_t index) {
  for (std::size_t i = 0; i < index; ++i) {
    if (true_path(files[i]) == true_path(files[index])) return true;
  }
  return false;
}

std::string place_of(const JobSpec& job, const std::string& key) {
  const auto line = job.lines.find(key);
  return job.file.string() + (line == job.lines.end() ? "" : ":" + std::to_string(line->second));
}

void check_against(const JobSpec& earlier, const JobSpec& job, std::vector<Problem>& problems) {
  if (!job.name.empty() && earlier.name == job.name) {
    problems.push_back(problem_of(
        job, "name", "'" + job.name + "' is also the name of the job in " + place_of(earlier, "name"),
        "give each job a name of its own"));
  }
  if (!job.output.empty() && !earlier.output.empty() && true_path(earlier.output) == true_path(job.output)) {
    problems.push_back(
        problem_of(job, "output",
                   job.output.string() + " is also the output of the job in " + place_of(earlier, "output"),
                   "give each film a file of its own"));
  }
}

}  // namespace

std::vector<JobSpec> load_jobs(const std::vector<fs::path>& files, const PresetLibrary& presets,
                               const JobOverrides& overrides, std::vector<Problem>& problems) {
  std::vector<JobSpec> jobs;
  check_model_override(overrides, problems);
  for (std::size_t i = 0; i < files.size(); ++i) {
    if (is_given_before(files, i)) {
      problems.push_back({files[i].string(), 0, "", "is given twice", "name each job file once"});
      continue;
    }
    std::optional<JobSpec> job = parse_job(files[i], presets, overrides, problems);
    if (!job) continue;
    for (const JobSpec& earlier : jobs) check_against(earlier, *job, problems);
    jobs.push_back(std::move(*job));
  }
  return jobs;
}

}  // namespace longtake
