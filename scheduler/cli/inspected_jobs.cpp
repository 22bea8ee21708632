#include "scheduler/cli/inspected_jobs.h"

#include <cstdio>

#include "scheduler/cli/configs.h"
#include "scheduler/cli/console.h"

namespace longtake {
namespace {

void show_reading(const std::string& what, double seconds) {
  if (is_progress_on_terminal()) {
    std::fprintf(stderr, "\r\033[Kreading %s: %s", what.c_str(), duration_text(seconds).c_str());
  }
}

void end_reading() {
  if (is_progress_on_terminal()) std::fprintf(stderr, "\r\033[K");
}

}  // namespace

std::vector<InspectedJob> inspect_jobs(const std::vector<JobSpec>& specs) {
  std::vector<InspectedJob> inspected;
  std::vector<Problem> problems;
  for (const JobSpec& spec : specs) {
    auto job = inspect_job(spec, problems, show_reading);
    if (job) inspected.push_back(std::move(*job));
  }
  end_reading();
  if (!problems.empty()) throw ProblemsFound{problems};
  return inspected;
}

JobInput input_of(const InspectedJob& job) {
  JobInput input;
  input.spec = job.job.spec;
  input.size = job.job.size;
  input.film_frames = job.job.film_frames;
  input.clips = job.job.clips;
  if (input.spec.engine == EngineKind::LiveAvatar) input.model = read_model_shape(input.spec.model);
  input.loudness = loudness_of(job.speech);
  return input;
}

}  // namespace longtake
