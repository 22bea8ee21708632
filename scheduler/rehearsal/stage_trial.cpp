#include "scheduler/rehearsal/stage_trial.h"

#include <algorithm>
#include <filesystem>

#include "jobs/error.h"
#include "scheduler/planner/layout_choice.h"
#include "storage/checkpoint_layout.h"

namespace longtake {
namespace {

constexpr int kWarmUpBlocks = 4;  // a clip's worth: the window is full then
constexpr int kBlocks = 3;

const JobInput& input_of(const std::vector<JobInput>& inputs, const JobPlan& job) {
  const auto found = std::find_if(inputs.begin(), inputs.end(),
                                  [&](const JobInput& input) { return input.spec.name == job.name; });
  if (found == inputs.end())
    throw Error(ErrorKind::Bug, "the plan has a job '" + job.name + "' that was not planned");
  return *found;
}

/// `--layout` of the engine's bench.
std::string layout_word(const Layout& layout, std::size_t stage) {
  const std::string number = std::to_string(stage + 1);
  if (!splits_steps(layout.kind)) {
    return layout.ranks() <= 1 ? "single" : "layers:" + number + "/" + std::to_string(layout.ranks());
  }
  // The stages of the first step come first; together they have all layers.
  const auto is_of_first = [&](const Stage& each) {
    return !each.layers.is_empty() && each.steps == layout.stages.front().steps;
  };
  const auto ways = std::count_if(layout.stages.begin(), layout.stages.end(), is_of_first);
  return "steps:" + number + "/" + std::to_string(ways);
}

bool has_weights(const std::filesystem::path& model) {
  namespace fs = std::filesystem;
  std::error_code none;
  for (fs::recursive_directory_iterator entry(model, none), end; entry != end; entry.increment(none)) {
    const fs::path kind = entry->path().extension();
    if (kind == ".safetensors" || kind == ".pth" || kind == ".bin") return true;
  }
  return false;
}

/// A checkpoint's own weights; random ones where there is no more than its config. One that lacks a part
/// would fail the night.
std::vector<std::string> model_arguments(const std::filesystem::path& model) {
  try {
    find_checkpoint(model);
    return {"--model", model.string()};
  } catch (const Error&) {
    if (has_weights(model)) throw;
    return {"--config", model.string()};
  }
}

std::string precision_word(const JobSettings& settings, DeviceKind device) {
  if (settings.precision != Precision::Auto) return std::string(name_of(settings.precision));
  return device == DeviceKind::Gpu ? "bf16" : "fp32";
}

void add_device(std::vector<std::string>& arguments, const Profile& profile, const TrialPlace& place) {
  constexpr double kGibibyte = 1024.0 * 1024.0 * 1024.0;
  const bool is_gpu = profile.device == DeviceKind::Gpu;
  const auto add = [&](const std::string& name, const std::string& value) {
    arguments.insert(arguments.end(), {name, value});
  };
  add("--device", is_gpu ? "cuda" : "cpu");
  if (is_gpu) add("--memory-gib", std::to_string(static_cast<double>(profile.usable_bytes) / kGibibyte));
  if (!is_gpu) add("--threads", std::to_string(place.threads));
}

std::vector<std::string> arguments_of(const JobPlan& job, const JobInput& input, std::size_t stage,
                                      const Profile& profile, const TrialPlace& place) {
  const JobSettings& settings = input.spec.settings;
  const AvatarDemand demand = demand_of(settings, job.size, input.model.value(), profile.device);
  std::vector<std::string> arguments = model_arguments(input.spec.model);
  const std::vector<std::string> more = {
      "--size",           std::to_string(job.size.width) + "*" + std::to_string(job.size.height),
      "--precision",      precision_word(settings, profile.device),
      "--kv-cache-dtype", std::string(name_of(settings.kv_cache_dtype)),
      "--steps",          std::to_string(demand.steps),
      "--layout",         layout_word(job.layout, stage),
      "--clip-frames",    std::to_string(settings.infer_frames),
      "--warmup",         std::to_string(kWarmUpBlocks),
      "--blocks",         std::to_string(kBlocks)};
  arguments.insert(arguments.end(), more.begin(), more.end());
  add_device(arguments, profile, place);
  if (demand.memory.guided) arguments.emplace_back("--guided");
  if (job.layout.stages[stage].text || job.layout.stages[stage].audio) arguments.emplace_back("--encoders");
  return arguments;
}

std::int64_t component_bytes(const StageMemory& memory, const std::string& component) {
  for (const ComponentBytes& part : memory.components) {
    if (part.component == component) return part.bytes;
  }
  return 0;
}

std::string what_of(const JobPlan& job, std::size_t stage) {
  const Stage& does = job.layout.stages[stage];
  std::string text = job.name;
  if (job.layout.ranks() > 1) {
    text += ", engine " + std::to_string(stage) + " of " + std::to_string(job.layout.ranks());
  }
  if (does.layers.is_empty()) return text + ": decodes";
  text += ": layers " + text_of(does.layers);
  if (splits_steps(job.layout.kind)) text += " of step " + std::to_string(does.steps.begin + 1);
  return text + (does.vae ? ", decodes" : "");
}

StageTrial trial_of(const JobPlan& job, const JobInput& input, std::size_t stage, const Profile& profile,
                    const TrialPlace& place) {
  StageTrial trial;
  trial.what = what_of(job, stage);
  trial.arguments = arguments_of(job, input, stage, profile, place);
  trial.predicted_bytes = job.memory.at(stage).total_bytes();
  trial.transport_bytes = component_bytes(job.memory.at(stage), "transport");
  trial.capacity_bytes = engine_capacity_bytes(profile);
  return trial;
}

}  // namespace

Rehearsal rehearsal_of(const Plan& plan, const std::vector<JobInput>& inputs, const Profile& profile,
                       const TrialPlace& place) {
  Rehearsal rehearsal;
  for (std::size_t j = 0; j < plan.jobs.size(); ++j) {
    const JobPlan& job = plan.jobs[j];
    if (job.engine != EngineKind::LiveAvatar) continue;
    JobTrials trials{j, {}};
    for (std::size_t stage = 0; stage < job.layout.stages.size(); ++stage) {
      StageTrial trial = trial_of(job, input_of(inputs, job), stage, profile, place);
      const auto same =
          std::find_if(rehearsal.trials.begin(), rehearsal.trials.end(),
                       [&](const StageTrial& other) { return other.arguments == trial.arguments; });
      trials.stages.push_back(static_cast<std::size_t>(same - rehearsal.trials.begin()));
      if (same == rehearsal.trials.end()) rehearsal.trials.push_back(std::move(trial));
    }
    rehearsal.jobs.push_back(std::move(trials));
  }
  return rehearsal;
}

std::int64_t longest_trial_s(const Profile& profile) {
  return profile.timeouts.load_s + profile.timeouts.first_block_s +
         std::int64_t{kWarmUpBlocks + kBlocks} * profile.timeouts.block_s;
}

}  // namespace longtake
