// rehearse: tries every stage of a plan on this machine before the night.
#include <cstdio>
#include <iostream>

#include "jobs/error.h"
#include "rank/hardware.h"
#include "scheduler/cli/commands.h"
#include "scheduler/cli/console.h"
#include "scheduler/cli/engine_environment.h"
#include "scheduler/cli/engines.h"
#include "scheduler/cli/environment.h"
#include "scheduler/cli/planned_jobs.h"
#include "scheduler/cli/run_result.h"
#include "scheduler/programs/ask_program.h"
#include "scheduler/rehearsal/trial_result.h"

namespace longtake {
namespace {

std::string gigabytes(std::int64_t bytes) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2f GB", static_cast<double>(bytes) / 1e9);
  return text;
}

/// A larger GPU stands in for a smaller one, not the other way round.
void require_gpu(const Profile& profile, const RankHardware& here) {
  if (profile.device == DeviceKind::Cpu) return;
  const std::string wanted = "one GPU with at least " + gigabytes(profile.usable_bytes);
  if (here.gpus.empty()) {
    throw Error(ErrorKind::InvalidInput,
                "profile " + profile.name + " is rehearsed on " + wanted +
                    ", and this machine has none: rehearse there, or take --profile cpu");
  }
  const Gpu& gpu = here.gpus.front();
  if (gpu.memory_bytes >= profile.usable_bytes) return;
  throw Error(ErrorKind::InvalidInput,
              "profile " + profile.name + " is rehearsed on " + wanted + ", and " + gpu.name + " has " +
                  gigabytes(gpu.memory_bytes) +
                  ": choose another GPU with CUDA_VISIBLE_DEVICES, or a smaller profile");
}

/// In a run the slots of a host share its processors.
TrialPlace place_of(const Profile& profile, const RankHardware& here) {
  const int slots = std::max(1, profile.cpu_slots_per_node);
  return {std::max(1, here.cpu_slots / slots)};
}

TrialResult try_stage(const StageTrial& trial, const Profile& profile) {
  Question question;
  question.command = {engine_programs().at(std::string(name_of(EngineKind::LiveAvatar))).string(), "bench"};
  question.command.insert(question.command.end(), trial.arguments.begin(), trial.arguments.end());
  question.limit = std::chrono::seconds(longest_trial_s(profile));
  question.environment = engine_environment(profile, environment());
  const Answer answer = ask_program(question);
  if (!answer.was_started) {
    throw Error(ErrorKind::InvalidInput,
                "there is no " + question.command.front() + ": install longtake-engine");
  }
  if (!answer.was_late) return trial_result(trial, answer.exit_code, answer.out, answer.err);
  TrialResult late;
  late.message = "no end within " + std::to_string(longest_trial_s(profile)) +
                 " s: give more time under 'timeouts' in the profile, or look at 'longtake doctor'";
  return late;
}

std::vector<TrialResult> try_all(const Rehearsal& rehearsal, const Profile& profile) {
  std::vector<TrialResult> results;
  for (const StageTrial& trial : rehearsal.trials) {
    std::fprintf(stderr, "trying %zu of %zu: %s\n", results.size() + 1, rehearsal.trials.size(),
                 trial.what.c_str());
    results.push_back(try_stage(trial, profile));
  }
  return results;
}

/// What the planner takes next where memory ran out: the same that a run would do.
std::string remedy(const PlannedJobs& planned, const Rehearsal& rehearsal,
                   const std::vector<TrialResult>& results) {
  for (std::size_t i = 0; i < results.size(); ++i) {
    const bool is_too_large =
        results[i].end == TrialEnd::OutOfMemory || results[i].peak_bytes > rehearsal.trials[i].capacity_bytes;
    if (is_too_large) {
      return "what would help: a smaller 'size', 'precision: fp8' or int8, 'kv_cache_dtype: fp8', more ranks "
             "(--ranks) to share the layers, or a profile with larger GPUs; 'longtake plan' shows what each "
             "needs. A run would go on in the next larger layout of profile " +
             planned.profile.name + " by itself, after it has lost its first attempt.";
    }
  }
  return "look at what the engine says above, and at 'longtake doctor'";
}

int exit_code_of(const std::vector<TrialResult>& results, bool fits) {
  if (fits) return kExitDone;
  for (const TrialResult& result : results) {
    if (result.end == TrialEnd::Failed) return kExitFailed;
  }
  return kExitUser;
}

}  // namespace

int rehearse_command(const CliOptions& options, int, char**) {
  const RankHardware here = probe_hardware();
  const PlannedJobs planned = plan_jobs(options, here);
  std::ostream& people = options.json ? std::cerr : std::cout;
  if (!planned.plan.fits()) {
    people << to_table(planned.plan);
    if (options.json) std::cout << json_text_of(to_json(planned.plan)) << '\n';
    return kExitUser;
  }
  const Rehearsal rehearsal =
      rehearsal_of(planned.plan, planned.inputs, planned.profile, place_of(planned.profile, here));
  if (!rehearsal.trials.empty()) require_gpu(planned.profile, here);
  const std::vector<TrialResult> results = try_all(rehearsal, planned.profile);
  const bool fits = is_good(rehearsal, results);
  people << rehearsal_table(planned.plan, rehearsal, results);
  if (!fits) people << remedy(planned, rehearsal, results) << '\n';
  if (options.json) std::cout << json_text_of(rehearsal_json(planned.plan, rehearsal, results)) << '\n';
  return exit_code_of(results, fits);
}

}  // namespace longtake
