#include "scheduler/doctor/engine_devices.h"

#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "scheduler/doctor/words.h"

namespace longtake {
namespace {

int major_of(const std::string& version) { return std::atoi(version.c_str()); }

std::string milliseconds_text(double milliseconds) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f ms", milliseconds);
  return text;
}

/// "0->1, 1->0": the pairs without access.
std::string closed_pairs(const std::vector<std::vector<bool>>& has_access) {
  std::string pairs;
  for (std::size_t from = 0; from < has_access.size(); ++from) {
    for (std::size_t to = 0; to < has_access[from].size(); ++to) {
      if (from == to || has_access[from][to]) continue;
      pairs += (pairs.empty() ? "" : ", ") + std::to_string(from) + "->" + std::to_string(to);
    }
  }
  return pairs;
}

std::string build_text(const EngineFacts& engine) {
  return "longtake-engine is built with LibTorch " + engine.libtorch +
         (engine.libtorch_cuda.empty() ? " without CUDA" : " and CUDA " + engine.libtorch_cuda);
}

/// The build against the GPUs that are there or wanted.
Finding check_build(const EngineFacts& engine, bool wants_gpus) {
  const std::string name = "engine";
  if (!wants_gpus) return good(name, build_text(engine));
  if (engine.libtorch_cuda.empty()) {
    return bad(
        name, build_text(engine) + ": it computes on the CPU and cannot use GPUs",
        "build it for them: ./setup.sh --cuda, then cmake --preset cuda (docs/HACKING.md, For NVIDIA GPUs)");
  }
  if (!engine.driver_cuda.empty() && major_of(engine.libtorch_cuda) > major_of(engine.driver_cuda)) {
    return bad(name, build_text(engine) + ", the driver runs CUDA programs up to " + engine.driver_cuda,
               "install a newer driver, or build with a LibTorch for CUDA " + engine.driver_cuda);
  }
  if (engine.libtorch_devices == 0) {
    return bad(name, build_text(engine) + ", but it sees no CUDA device: " + engine.driver_failure,
               "see the checks driver and gpus");
  }
  return good(name, build_text(engine) + ", sees " +
                        count_text(static_cast<std::size_t>(engine.libtorch_devices), "CUDA device"));
}

nlohmann::json object_of(const std::string& text) {
  nlohmann::json json = nlohmann::json::parse(text, nullptr, false);
  return json.is_object() ? json : nlohmann::json::object();
}

/// What a trial without peer-to-peer and InfiniBand says about one with them that failed.
Finding judge_failure(const std::string& version, const NcclTrials& trials) {
  const std::string reason = "NCCL " + version + ": " + trials.plain.failure;
  if (trials.modest.was_made && trials.modest.failure.empty()) {
    return bad("nccl", reason + "; with NCCL_P2P_DISABLE=1 and NCCL_IB_DISABLE=1 it works",
               "put NCCL_P2P_DISABLE: \"1\" and NCCL_IB_DISABLE: \"1\" into the profile's nccl_environment");
  }
  return bad(
      "nccl", reason + "; without peer-to-peer and InfiniBand: " + trials.modest.failure,
      "look at the checks shared_memory, nccl_environment and gpu_use; NCCL_DEBUG=INFO longtake-engine "
      "nccl-trial says more");
}

}  // namespace

EngineFacts engine_facts_from(const std::string& report) {
  EngineFacts facts;
  facts.is_installed = true;
  try {
    const nlohmann::json json = nlohmann::json::parse(report);
    json.at("libtorch").get_to(facts.libtorch);
    json.at("libtorch_cuda").get_to(facts.libtorch_cuda);
    json.at("libtorch_devices").get_to(facts.libtorch_devices);
    json.at("driver_failure").get_to(facts.driver_failure);
    json.at("driver_cuda").get_to(facts.driver_cuda);
    json.at("devices").get_to(facts.devices);
    json.at("has_access").get_to(facts.has_access);
    json.at("nccl").get_to(facts.nccl);
    json.at("nccl_failure").get_to(facts.nccl_failure);
  } catch (const nlohmann::json::exception& e) {
    facts.failure = std::string("its report is not as expected: ") + e.what();
  }
  return facts;
}

NcclTrial nccl_trial_from(const std::string& report) {
  NcclTrial trial;
  trial.was_made = true;
  const nlohmann::json json = object_of(report);
  trial.failure = json.value("failure", "its report is not as expected: " + first_line(report));
  trial.all_reduce_ms = json.value("all_reduce_ms", 0.0);
  trial.send_receive_ms = json.value("send_receive_ms", 0.0);
  return trial;
}

Finding check_engine(const EngineFacts& engine, const GpuFacts& gpus, const Profile& profile) {
  const std::string name = "engine";
  if (!engine.is_installed) {
    return warning(name, "longtake-engine is not beside longtake: only jobs with engine: slate can run",
                   "build or install longtake-engine");
  }
  if (!engine.failure.empty()) {
    return bad(name, "longtake-engine devices: " + engine.failure,
               "run longtake-engine --version, and install what it misses");
  }
  return check_build(engine, profile.device == DeviceKind::Gpu || !gpus.visible.empty());
}

Finding check_peer_access(const EngineFacts& engine, const Profile& profile) {
  const std::string name = "peer_access";
  if (engine.devices.size() < 2) {
    return not_applicable(name, engine.devices.empty() ? "no CUDA device" : "there is one CUDA device only");
  }
  const std::string closed = closed_pairs(engine.has_access);
  const std::string devices = count_text(engine.devices.size(), "device");
  if (closed.empty()) return good(name, "each of " + devices + " reaches the memory of every other");
  const std::string reason = "no peer access between CUDA devices " + closed;
  const auto p2p = profile.nccl_environment.find("NCCL_P2P_DISABLE");
  if (p2p != profile.nccl_environment.end() && p2p->second == "1") {
    return good(name, reason + "; profile " + profile.name + " does without (NCCL_P2P_DISABLE=1)");
  }
  return warning(
      name, reason + ": their engines speak through host memory",
      "put NCCL_P2P_DISABLE: \"1\" into the profile's nccl_environment; on servers, ask for ACS to "
      "be switched off in the BIOS");
}

Finding check_nccl(const EngineFacts& engine, const NcclTrials& trials) {
  const std::string name = "nccl";
  if (engine.devices.empty()) {
    return not_applicable(name, engine.libtorch_cuda.empty()
                                    ? "this build has no CUDA, and there is no CUDA device to try it on"
                                    : "no CUDA device to try it on");
  }
  if (engine.nccl.empty()) {
    const std::string reason = "no NCCL library: " + engine.nccl_failure;
    if (engine.libtorch_cuda.empty()) return not_applicable(name, "this build has no CUDA; " + reason);
    return bad(name, reason, "install NCCL (libnccl.so.2), as it comes with a LibTorch for CUDA");
  }
  if (!trials.plain.was_made) return not_applicable(name, "NCCL " + engine.nccl + " was not tried");
  if (!trials.plain.failure.empty()) return judge_failure(engine.nccl, trials);
  return good(name, "NCCL " + engine.nccl + ": all-reduce of 32 MiB over " +
                        count_text(engine.devices.size(), "device") + " in " +
                        milliseconds_text(trials.plain.all_reduce_ms) + ", send and receive in " +
                        milliseconds_text(trials.plain.send_receive_ms));
}

}  // namespace longtake
