#include "scheduler/cli/submit_request.h"

#include <algorithm>
#include <cmath>

#include "jobs/error.h"
#include "jobs/nearest_word.h"
#include "scheduler/slurm/memory_request.h"
#include "scheduler/slurm/other_option.h"
#include "scheduler/slurm/time_limit.h"

namespace longtake {
namespace fs = std::filesystem;
namespace {

const std::string& first_of(const std::string& typed, const std::string& fact) {
  return typed.empty() ? fact : typed;
}

bool needs_gpus(const Profile& profile, const std::vector<JobSpec>& specs) {
  return profile.device == DeviceKind::Gpu &&
         std::any_of(specs.begin(), specs.end(),
                     [](const JobSpec& spec) { return spec.engine != EngineKind::Slate; });
}

void size_nodes(BatchJob& job, const SlurmOptions& typed, const Profile& profile, bool is_for_gpus) {
  job.nodes = typed.nodes.value_or(1);
  job.gres = typed.gres;
  job.gpus_per_node = typed.gpus_per_node;
  if (is_for_gpus && !job.gpus_per_node) job.gpus_per_node = profile.gpus_per_node;
  job.tasks_per_node = typed.tasks_per_node.value_or(job.gpus_per_node.value_or(profile.cpu_slots_per_node));
  if (is_for_gpus && job.gres.empty() && job.tasks_per_node > *job.gpus_per_node) {
    throw Error(ErrorKind::InvalidInput, "--ntasks-per-node is " + std::to_string(job.tasks_per_node) +
                                             " for " + std::to_string(*job.gpus_per_node) +
                                             " GPUs of a node, and each rank needs a GPU: give at most " +
                                             std::to_string(*job.gpus_per_node));
  }
}

/// As sbatch takes it: mebibytes. The profile's memory of a slot is that of an engine without a GPU.
std::string memory_of(const BatchJob& job, const SlurmOptions& typed, const Profile& profile,
                      bool is_for_gpus) {
  constexpr std::int64_t kMebibyte = std::int64_t{1} << 20;
  if (!typed.memory.empty() && !is_memory_request(typed.memory)) {
    throw Error(ErrorKind::InvalidInput, "--mem '" + typed.memory +
                                             "' is no size as Slurm writes it: give a whole number with K, "
                                             "M, G or T, for example 64G, or 0 for all of a node");
  }
  if (!typed.memory.empty()) return typed.memory;
  std::int64_t bytes = profile.slurm.memory_bytes;
  if (bytes == 0 && !is_for_gpus) bytes = profile.host_bytes_per_slot * job.tasks_per_node;
  return bytes == 0 ? "" : std::to_string((bytes + kMebibyte - 1) / kMebibyte) + "M";
}

void check_time(const BatchJob& job) {
  if (job.time_limit.empty() || is_without_limit(job.time_limit)) return;
  const auto limit_s = time_limit_s(job.time_limit);
  if (!limit_s) {
    throw Error(ErrorKind::InvalidInput, "the time limit '" + job.time_limit +
                                             "' is not as Slurm writes it: give for example --time 08:00:00, "
                                             "480 for as many minutes, or UNLIMITED");
  }
  if (*limit_s <= job.warn_before_s) {
    throw Error(ErrorKind::InvalidInput,
                "the time limit " + job.time_limit + " is over before the warning " +
                    std::to_string(job.warn_before_s) +
                    " s ahead of it: give a longer --time or a shorter --warn-before");
  }
}

fs::path absolute(const SubmitSurroundings& here, const fs::path& path) {
  return (here.folder / path).lexically_normal();
}

std::vector<BatchWork> works_of(const CliOptions& options, const std::vector<JobSpec>& specs,
                                const SubmitSurroundings& here) {
  if (!options.slurm.is_array) {
    BatchWork work;
    for (const fs::path& file : options.jobs) work.jobs.push_back(absolute(here, file));
    work.work_dir = here.work_dir;
    return {work};
  }
  std::vector<BatchWork> works;
  for (const JobSpec& spec : specs) works.push_back({{absolute(here, spec.file)}, here.work_dir / spec.name});
  return works;
}

/// Slurm's warning drains the run, up to a minute early: what would be done later than that is not to be
/// begun. A time limit that is shorter leaves nothing to hold back.
std::vector<std::string> reserve_of(const BatchJob& job) {
  constexpr int kSlurmMayBeEarly_s = 60;
  const int reserve_s = job.warn_before_s + kSlurmMayBeEarly_s;
  const auto limit_s = time_limit_s(job.time_limit);
  if (limit_s && *limit_s <= reserve_s) return {};
  return {"--end-reserve", std::to_string(reserve_s) + "s"};
}

std::vector<std::string> run_options_of(const CliOptions& options, const BatchJob& job,
                                        const SubmitSurroundings& here) {
  const bool is_file =
      options.profile.find('/') != std::string::npos || fs::path(options.profile).extension() == ".yaml";
  std::vector<std::string> words = {"--profile",
                                    is_file ? absolute(here, options.profile).string() : options.profile};
  if (!options.engine.empty()) words.insert(words.end(), {"--engine", options.engine});
  if (!options.model.empty()) words.insert(words.end(), {"--model", absolute(here, options.model).string()});
  const std::vector<std::string> reserve = reserve_of(job);
  words.insert(words.end(), reserve.begin(), reserve.end());
  return words;
}

SlurmLaunch launch_of(const SlurmOptions& typed, const SubmitSurroundings& here) {
  if (typed.launch == "srun") return SlurmLaunch::Srun;
  if (typed.launch == "mpirun" || here.has_mpirun || !here.has_srun) return SlurmLaunch::Mpirun;
  return SlurmLaunch::Srun;
}

}  // namespace

BatchJob batch_job_of(const CliOptions& options, const Profile& profile, const std::vector<JobSpec>& specs,
                      const SubmitSurroundings& here) {
  const SlurmOptions& typed = options.slurm;
  const bool is_for_gpus = needs_gpus(profile, specs);
  BatchJob job;
  job.name = typed.job_name;
  if (job.name.empty()) job.name = specs.size() == 1 ? specs.front().name : "longtake";
  size_nodes(job, typed, profile, is_for_gpus);
  job.memory = memory_of(job, typed, profile, is_for_gpus);
  job.cpus_per_task = typed.cpus_per_task;
  if (!job.cpus_per_task && profile.slurm.cpus_per_task > 0) job.cpus_per_task = profile.slurm.cpus_per_task;
  job.time_limit = first_of(typed.time_limit, profile.slurm.time_limit);
  job.partition = first_of(typed.partition, profile.slurm.partition);
  job.account = first_of(typed.account, profile.slurm.account);
  job.dependency = typed.dependency;
  for (const std::string& option : typed.more) require_other_option(option);
  job.directives = typed.more;
  job.warn_before_s = typed.warn_before_s;
  check_time(job);
  job.is_array = typed.is_array;
  job.array_at_once = typed.array_at_once;
  job.works = works_of(options, specs, here);
  job.log_folder = here.work_dir;
  job.launch = launch_of(typed, here);
  job.program = here.program;
  job.run_options = run_options_of(options, job, here);
  job.environment = here.environment;
  return job;
}

SlotInventory inventory_of(const BatchJob& job, const Profile& profile) {
  SlotInventory::Host host = inventory_of_profile(profile).hosts.front();
  if (job.gpus_per_node && job.gres.empty()) {
    host.gpus.assign(static_cast<std::size_t>(*job.gpus_per_node), {profile.gpu_name, profile.memory_bytes});
  }
  SlotInventory inventory;
  for (int node = 0; node < job.nodes; ++node) {
    host.name = "node" + std::to_string(node + 1);
    host.ranks.clear();
    for (int task = 0; task < job.tasks_per_node; ++task) {
      host.ranks.push_back(RankId{node * job.tasks_per_node + task});
    }
    inventory.hosts.push_back(host);
  }
  return inventory;
}

std::vector<std::string> advice_on(const BatchJob& job, const Profile& profile, double predicted_s) {
  std::vector<std::string> advice;
  std::vector<std::string> absent;
  std::vector<std::string> options;
  const auto note = [&](bool is_absent, const char* what, const char* option) {
    if (!is_absent) return;
    absent.emplace_back(what);
    options.emplace_back(option);
  };
  note(job.time_limit.empty(), "the time limit", "--time 08:00:00");
  const bool is_for_gpus = job.gpus_per_node || !job.gres.empty();
  note(is_for_gpus && !job.cpus_per_task, "the processors of a rank", "--cpus-per-task 4");
  note(job.memory.empty(), "the memory of a node", "--mem 64G");
  if (!absent.empty()) {
    advice.push_back("profile " + profile.name + " does not say " + join_words(absent) +
                     ", so the partition's defaults count: give " + join_words(options, " and ") +
                     " with what your nodes have, or write them under slurm: in a copy of the profile");
  }
  const auto limit_s = time_limit_s(job.time_limit);
  if (limit_s && predicted_s > static_cast<double>(*limit_s - job.warn_before_s)) {
    const auto starts = std::ceil(predicted_s / static_cast<double>(*limit_s - job.warn_before_s));
    advice.push_back("the films need longer than the time limit " + job.time_limit +
                     " as predicted: the job will start about " +
                     std::to_string(static_cast<std::int64_t>(starts)) + " times, going on each time");
  }
  return advice;
}

}  // namespace longtake
