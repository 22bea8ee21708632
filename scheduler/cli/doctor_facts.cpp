#include "scheduler/cli/doctor_facts.h"

#include <algorithm>

#include "rank/visible_gpus.h"
#include "scheduler/cli/program_beside.h"
#include "scheduler/doctor/nvidia_smi.h"
#include "scheduler/doctor/socket_holder.h"
#include "scheduler/doctor/system_files.h"
#include "scheduler/doctor/words.h"
#include "scheduler/programs/ask_program.h"
#include "storage/media/encoders.h"

namespace longtake {
namespace {

using Variables = std::map<std::string, std::string>;

/// LibTorch with CUDA takes its time to load; so does NCCL over eight GPUs.
constexpr std::chrono::seconds kReportPatience{120};
constexpr std::chrono::seconds kTrialPatience{90};

std::string engine_program() { return program_beside("longtake-engine").string(); }

GpuFacts gpu_facts(const Variables& environment) {
  GpuFacts facts = ask_nvidia_smi();
  const auto variable = environment.find("CUDA_VISIBLE_DEVICES");
  if (variable != environment.end()) facts.variable = variable->second;
  std::vector<std::string> uuids;
  for (const GpuState& gpu : facts.host) uuids.push_back(gpu.uuid);
  facts.visible = visible_gpus(facts.variable, uuids);
  return facts;
}

EngineFacts engine_facts() {
  const Answer answer = ask_program({{engine_program(), "devices"}, kReportPatience});
  if (!answer.was_started) return {};
  if (answer.is_good()) return engine_facts_from(answer.out);
  EngineFacts facts;
  facts.is_installed = true;
  facts.failure = answer.was_late ? "no answer within " + std::to_string(kReportPatience.count()) + " s"
                                  : first_line(answer.err);
  return facts;
}

NcclTrial try_nccl(const Variables& changed) {
  const Answer answer = ask_program({{engine_program(), "nccl-trial"}, kTrialPatience, changed});
  if (answer.is_good()) return nccl_trial_from(answer.out);
  NcclTrial trial;
  trial.was_made = true;
  trial.failure = answer.was_late ? "no end within " + std::to_string(kTrialPatience.count()) +
                                        " s: the GPUs do not reach each other"
                                  : first_line(answer.err);
  return trial;
}

/// The profile's variables, where the environment does not say otherwise.
Variables nccl_wishes(const DoctorSubject& subject) {
  Variables wishes;
  for (const auto& [name, value] : subject.profile.nccl_environment) {
    if (subject.environment.count(name) == 0) wishes[name] = value;
  }
  return wishes;
}

NcclTrials nccl_trials(const EngineFacts& engine, const DoctorSubject& subject) {
  NcclTrials trials;
  if (engine.devices.empty() || engine.nccl.empty()) return trials;
  Variables variables = nccl_wishes(subject);
  trials.plain = try_nccl(variables);
  if (trials.plain.failure.empty()) return trials;
  variables["NCCL_P2P_DISABLE"] = "1";
  variables["NCCL_IB_DISABLE"] = "1";
  trials.modest = try_nccl(variables);
  return trials;
}

NcclEnvironmentFacts nccl_environment_facts(const Variables& environment) {
  NcclEnvironmentFacts facts;
  for (const auto& [name, value] : environment) {
    if (name.rfind("NCCL_", 0) == 0) facts.variables[name] = value;
  }
  facts.network_interfaces = names_in("/sys/class/net");
  facts.infiniband_devices = names_in("/sys/class/infiniband");
  return facts;
}

bool is_infiniband_off(const DoctorSubject& subject) {
  const auto is_one = [](const Variables& variables) {
    const auto found = variables.find("NCCL_IB_DISABLE");
    return found != variables.end() && found->second == "1";
  };
  return is_one(subject.environment) || is_one(subject.profile.nccl_environment);
}

int ranks_of(const DoctorSubject& subject, const GpuFacts& gpus) {
  if (subject.profile.device == DeviceKind::Gpu) return std::max(1, static_cast<int>(gpus.visible.size()));
  return std::max(1, subject.here.cpu_slots);
}

}  // namespace

Facts gather_facts(const DoctorSubject& subject) {
  Facts facts;
  facts.gpus = gpu_facts(subject.environment);
  const int ranks = ranks_of(subject, facts.gpus);
  facts.engine = engine_facts();
  facts.nccl = nccl_trials(facts.engine, subject);
  facts.nccl_environment = nccl_environment_facts(subject.environment);
  facts.ports = ports_of_interest(subject.environment);
  find_holders(facts.ports);
  facts.infiniband = {infiniband_ports("/sys/class/infiniband"), is_infiniband_off(subject)};
  facts.memory = read_host_memory();
  facts.memory.ranks = ranks;
  facts.work = measure_work_folder(subject.work_dir);
  facts.ffmpeg = {ffmpeg_version(), missing_encoders()};
  facts.limits = read_limits();
  facts.limits.has_infiniband = !facts.infiniband.ports.empty() && !facts.infiniband.is_switched_off;
  facts.limits.ranks = ranks;
  facts.container = read_container();
  facts.container.processors = subject.here.cpu_slots;
  facts.container.ranks = ranks;
  facts.container.memory_limit_bytes = facts.memory.limit_bytes;
  return facts;
}

}  // namespace longtake
