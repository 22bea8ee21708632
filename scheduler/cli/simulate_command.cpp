// simulate: a night on a cluster that need not be there.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <iostream>

#include "jobs/error.h"
#include "scheduler/cli/commands.h"
#include "scheduler/cli/configs.h"
#include "scheduler/cli/console.h"
#include "scheduler/cli/engines.h"
#include "scheduler/cli/inspected_jobs.h"
#include "scheduler/simulation/made_up_night.h"
#include "scheduler/simulation/night.h"
#include "scheduler/simulation/night_svg.h"
#include "scheduler/simulation/night_text.h"

namespace longtake {
namespace {

constexpr int kUsualGpus = 10'000;
constexpr double kHoursPerGpu = 0.5;
constexpr const char* kUsualProfile = "8x80gb";

Profile profile_of(CliOptions options) {
  if (options.profile.empty()) options.profile = kUsualProfile;
  return load_profile_of(options, {});
}

int gpus_of(const CliOptions& options, const Profile& profile) {
  const SimulateRequest& request = options.simulate;
  if (request.gpus) return *request.gpus;
  if (request.nodes) return *request.nodes * slots_of_node(profile);
  return options.jobs.empty() ? kUsualGpus : slots_of_node(profile);
}

std::vector<JobInput> inputs_of(const CliOptions& options, int gpus) {
  if (options.jobs.empty()) {
    const double hours = options.simulate.hours.value_or(kHoursPerGpu * gpus);
    const int films = options.simulate.films.value_or(std::max(1, static_cast<int>(std::lround(hours))));
    return made_up_films({films, hours, options.simulate.seed}, published_model());
  }
  const std::vector<JobSpec> specs = load_jobs_of(options);
  require_models(specs);
  std::vector<JobInput> inputs;
  for (const InspectedJob& job : inspect_jobs(specs)) inputs.push_back(input_of(job));
  return inputs;
}

/// Engines that have a model take a minute to load it.
double usual_load_s(const std::vector<JobInput>& jobs) {
  constexpr double kModel_s = 60;
  const bool has_model = std::any_of(jobs.begin(), jobs.end(), [](const JobInput& job) {
    return job.spec.engine == EngineKind::LiveAvatar;
  });
  return has_model ? kModel_s : 0;
}

/// On a terminal a line that is redrawn, at most ten times a second.
class ProgressLine {
 public:
  ~ProgressLine() {
    if (is_drawn_) std::fprintf(stderr, "\r\033[K");
  }
  void show(const NightProgress& progress) {
    constexpr std::chrono::milliseconds kShowEvery{100};
    const auto now = std::chrono::steady_clock::now();
    if (!is_terminal_ || now - shown_ < kShowEvery) return;
    shown_ = now;
    is_drawn_ = true;
    const double done = static_cast<double>(progress.frames_done) / static_cast<double>(progress.frames);
    std::fprintf(stderr, "\r\033[Ksimulating: %s into the night, %.1f %% of the frames made",
                 duration_text(static_cast<double>(progress.now_ms) / 1000).c_str(), 100 * done);
  }

 private:
  bool is_terminal_ = is_progress_on_terminal();
  bool is_drawn_ = false;
  std::chrono::steady_clock::time_point shown_ = std::chrono::steady_clock::now();
};

void draw(const NightResult& result, const std::filesystem::path& file) {
  std::ofstream out(file, std::ios::binary);
  out << to_svg(result);
  if (!out.flush()) throw_errno("cannot write the picture " + file.string());
}

/// Refused before minutes are spent on the night.
void require_folder_of(const std::filesystem::path& file) {
  if (file.empty()) return;
  const auto folder = std::filesystem::absolute(file).parent_path();
  if (std::filesystem::is_directory(folder)) return;
  throw Error(ErrorKind::InvalidInput,
              "cannot write the picture " + file.string() + ": there is no folder " + folder.string());
}

}  // namespace

int simulate_command(const CliOptions& options, int, char**) {
  const SimulateRequest& request = options.simulate;
  require_folder_of(request.svg);
  Night night;
  night.profile = profile_of(options);
  const int gpus = gpus_of(options, night.profile);
  night.jobs = inputs_of(options, gpus);
  night.cluster = made_up_cluster(night.profile, gpus);
  night.frames_per_second = request.frames_per_second.value_or(0);
  night.pace.load_s = request.load_s.value_or(usual_load_s(night.jobs));
  night.pace.repair_min = request.repair_min;
  night.seed = request.seed;
  night.next_fault = random_faults({request.gpu_mtbf_h, request.node_mtbf_h, request.preempted_every_h},
                                   static_cast<std::size_t>(gpus), night.cluster.hosts.size(), request.seed);
  NightResult result;
  {
    ProgressLine line;
    night.on_progress = [&line](const NightProgress& progress) { line.show(progress); };
    result = simulate(night);
  }
  if (!request.svg.empty()) draw(result, request.svg);
  (options.json ? std::cerr : std::cout) << to_text(result);
  if (options.json) std::cout << to_json(result).dump(2) << '\n';
  return result.exit_code == kExitDone ? kExitDone : kExitFailed;
}

}  // namespace longtake
