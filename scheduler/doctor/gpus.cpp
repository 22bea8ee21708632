#include "scheduler/doctor/gpus.h"

#include <algorithm>

#include "scheduler/doctor/words.h"

namespace longtake {
namespace {

constexpr const char* kOtherProfile =
    "name a profile with fewer GPUs (--profile), or ask Slurm for more of them (--gpus-per-node)";

bool wants_gpus(const Profile& profile) { return profile.device == DeviceKind::Gpu; }

std::size_t entries_of(const std::string& variable) {
  if (variable.empty()) return 0;
  return static_cast<std::size_t>(std::count(variable.begin(), variable.end(), ',')) + 1;
}

struct VisibleGpu {
  std::string label;  ///< "GPU 1 (NVIDIA H100 80GB HBM3)", numbered as on the host
  GpuState state;
};

std::vector<VisibleGpu> visible_of(const GpuFacts& facts) {
  std::vector<VisibleGpu> visible;
  for (const int index : facts.visible) {
    const GpuState& gpu = facts.host.at(static_cast<std::size_t>(index));
    visible.push_back({"GPU " + std::to_string(index) + " (" + gpu.name + ")", gpu});
  }
  return visible;
}

void append(std::string& list, const std::string& item) { list += (list.empty() ? "" : "; ") + item; }

std::string wanted_text(const Profile& profile) {
  return "profile " + profile.name + " wants " +
         count_text(static_cast<std::size_t>(profile.gpus_per_node), "GPU") + " on a node";
}

/// What the variable does to the GPUs of the host.
std::string choice_text(const GpuFacts& facts) {
  const std::string host = count_text(facts.host.size(), "GPU") + " on this host";
  if (!facts.variable) return host + ", CUDA_VISIBLE_DEVICES is not set";
  return host + ", CUDA_VISIBLE_DEVICES=" + *facts.variable + " shows " +
         std::to_string(facts.visible.size());
}

/// What people and Slurm write to show no GPU at all.
bool hides_all(const std::string& variable) {
  return variable.empty() || variable == "-1" || variable == "NoDevFiles";
}

std::optional<Finding> broken_list(const GpuFacts& facts) {
  if (!facts.variable || hides_all(*facts.variable)) return std::nullopt;
  if (entries_of(*facts.variable) == facts.visible.size()) return std::nullopt;
  return bad("gpus",
             "CUDA_VISIBLE_DEVICES=" + *facts.variable + " names " +
                 count_text(entries_of(*facts.variable), "GPU") + ", CUDA sees " +
                 std::to_string(facts.visible.size()) + " of the " + std::to_string(facts.host.size()) +
                 " here: its list ends before the first entry that is not there or is repeated",
             "name each GPU once, from 0 to " + std::to_string(facts.host.size() - 1) +
                 ", or unset CUDA_VISIBLE_DEVICES");
}

std::string processes_text(const GpuState& gpu) {
  std::string text;
  for (const GpuProcess& process : gpu.processes) {
    text += (text.empty() ? "" : ", ") + process.program + " (pid " + std::to_string(process.pid) +
            ") holds " + bytes_text(process.bytes);
  }
  return text.empty() ? "no process of it is shown: it is outside of this container, or just ended" : text;
}

}  // namespace

bool concerns_gpus(const GpuFacts& facts, const Profile& profile) {
  return wants_gpus(profile) || !facts.host.empty();
}

Finding check_driver(const GpuFacts& facts, const Profile& profile) {
  const std::string name = "driver";
  if (!facts.has_tool) {
    const std::string reason = "there is no nvidia-smi, so no NVIDIA driver";
    if (!wants_gpus(profile)) return not_applicable(name, reason);
    return bad(name, reason + ", and profile " + profile.name + " wants GPUs",
               "install the NVIDIA driver; in a container start it with --gpus all (--nv with Apptainer)");
  }
  if (!facts.failure.empty()) {
    return bad(name, "nvidia-smi fails: " + facts.failure,
               "reboot after a driver update, or load the module (modprobe nvidia); in a container start it "
               "with --gpus all");
  }
  return good(name, "driver " + facts.driver +
                        (facts.cuda.empty() ? "" : ", runs CUDA programs up to " + facts.cuda));
}

Finding check_gpus(const GpuFacts& facts, const Profile& profile) {
  const std::string name = "gpus";
  if (!concerns_gpus(facts, profile)) {
    return not_applicable(name, "no GPU on this host, and profile " + profile.name + " needs none");
  }
  if (facts.host.empty()) return bad(name, wanted_text(profile) + ", this host shows none", kOtherProfile);
  if (auto finding = broken_list(facts)) return *finding;
  if (!wants_gpus(profile)) {
    if (facts.visible.empty())
      return good(name, choice_text(facts) + "; profile " + profile.name + " needs none");
    return warning(name, choice_text(facts) + "; profile " + profile.name + " uses none of them",
                   "name a profile with GPUs (--profile); configs/profiles has them");
  }
  if (facts.visible.size() >= static_cast<std::size_t>(profile.gpus_per_node)) {
    return good(name, choice_text(facts) + "; " + wanted_text(profile));
  }
  const bool would_do = facts.host.size() >= static_cast<std::size_t>(profile.gpus_per_node);
  return bad(
      name,
      wanted_text(profile) + ", this process sees " + std::to_string(facts.visible.size()) + " (" +
          choice_text(facts) + ")",
      would_do ? "show enough of them: unset CUDA_VISIBLE_DEVICES, or name more GPUs in it" : kOtherProfile);
}

Finding check_gpu_memory(const GpuFacts& facts, const Profile& profile) {
  const std::string name = "gpu_memory";
  if (facts.visible.empty() || !wants_gpus(profile)) return not_applicable(name, "no GPU to be used");
  std::string small;
  for (const auto& [label, gpu] : visible_of(facts)) {
    if (gpu.memory_bytes < profile.usable_bytes)
      append(small, label + " has " + bytes_text(gpu.memory_bytes));
  }
  const std::string wanted =
      "profile " + profile.name + " counts on " + bytes_text(profile.usable_bytes) + " usable on each GPU";
  if (small.empty()) {
    return good(name,
                bytes_text(visible_of(facts).front().state.memory_bytes) + " on the first GPU; " + wanted);
  }
  return bad(name, small + "; " + wanted, "name the profile of these GPUs (--profile), see configs/profiles");
}

Finding check_gpu_use(const GpuFacts& facts, const Profile& profile) {
  const std::string name = "gpu_use";
  if (facts.visible.empty()) return not_applicable(name, "no GPU to be used");
  std::string held, crowded;
  for (const auto& [label, gpu] : visible_of(facts)) {
    const std::string text = label + ": " + bytes_text(gpu.used_bytes) + " in use, " + processes_text(gpu);
    const std::int64_t free_bytes = gpu.memory_bytes - gpu.used_bytes;
    // A plan may take all but the reserve.
    if (wants_gpus(profile) && free_bytes < profile.usable_bytes - profile.reserve_bytes)
      append(crowded, text);
    if (!gpu.processes.empty()) append(held, text);
  }
  const std::string remedy = "end those processes, or leave their GPUs out of CUDA_VISIBLE_DEVICES";
  if (!crowded.empty()) {
    return bad(name,
               crowded + "; a plan may take " + bytes_text(profile.usable_bytes - profile.reserve_bytes) +
                   " of each GPU",
               remedy);
  }
  if (!held.empty()) return warning(name, held, remedy);
  return good(name, "no process holds memory of the GPUs");
}

Finding check_gpu_clocks(const GpuFacts& facts) {
  const std::string name = "gpu_clocks";
  if (facts.visible.empty()) return not_applicable(name, "no GPU to be used");
  std::string slowed, not_persistent;
  for (const auto& [label, gpu] : visible_of(facts)) {
    for (const std::string& cause : gpu.slowed_by) append(slowed, label + " is slowed by " + cause);
    if (!gpu.is_persistent) append(not_persistent, label);
  }
  if (!slowed.empty())
    return warning(name, slowed,
                   "look at the cooling and power supply of this host (nvidia-smi -q -d PERFORMANCE)");
  if (!not_persistent.empty()) {
    return warning(name,
                   "persistence mode is off, so each engine's start waits for the driver: " + not_persistent,
                   "have the administrator start nvidia-persistenced, or run nvidia-smi -pm 1");
  }
  return good(name, "persistence mode is on, nothing slows the clocks");
}

}  // namespace longtake
