#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "jobs/device_kind.h"
#include "jobs/job_settings.h"
#include "jobs/messages.h"
#include "jobs/problem.h"

namespace longtake {

/// How the GPUs of a node reach each other.
enum class Link { None, Pcie, Nvlink };

std::string_view name_of(DeviceKind device);
std::string_view name_of(Link link);

/// How long the supervisor waits before it takes an engine for hung.
struct Timeouts {
  int load_s = 0;         ///< from the engine's start to its first word
  int first_block_s = 0;  ///< kernels are chosen and memory is taken then
  int block_s = 0;
  int disk_full_s = 300;  ///< how long a run waits for room before it gives up
};

/// What `longtake submit` asks Slurm for on such nodes. Empty or 0: the site's default.
struct SlurmFacts {
  std::string partition;
  std::string account;
  std::string time_limit;  ///< as Slurm spells it: "08:00:00"
  int cpus_per_task = 0;
  std::int64_t memory_bytes = 0;  ///< host memory of one node
};

/// What is known about a kind of machine: one file of configs/profiles. The GPU part is zero for
/// `device: cpu`. Rates are the vendor's dense ones, without sparsity.
struct Profile {
  std::string name;  ///< the file's stem
  std::string description;
  DeviceKind device = DeviceKind::Cpu;
  int cpu_slots_per_node = 0;            ///< engines without a GPU that `longtake plan` assumes
  std::int64_t host_bytes_per_slot = 0;  ///< host memory for one such engine
  double slate_megapixels_per_s = 0;     ///< what one slot renders and encodes
  SizeLimit largest_size;                ///< for which figures are published; not checked for slates
  Timeouts timeouts;
  SlurmFacts slurm;

  std::string gpu_name;
  int gpus_per_node = 0;
  std::int64_t memory_bytes = 0;   ///< of one GPU, as the driver lists it
  std::int64_t usable_bytes = 0;   ///< of one GPU, as a CUDA program is offered it
  std::int64_t reserve_bytes = 0;  ///< of the usable bytes, left free by every plan
  double bf16_tflops = 0;
  double fp8_tflops = 0;  ///< 0: the GPU has no fp8 matrix units
  Link link = Link::None;
  std::map<std::string, std::string> nccl_environment;
};

/// Reads one profile; what is wrong is added to `problems`. nullopt when anything is.
std::optional<Profile> parse_profile(const std::filesystem::path& file, std::vector<Problem>& problems);

/// All *.yaml of `folder`, by name.
std::vector<Profile> load_profiles(const std::filesystem::path& folder, std::vector<Problem>& problems);

/// `name_or_file` as given to --profile: the name of a file in `folder`, or a path (with a '/' or
/// ending in .yaml). The problem for an unknown name lists the known ones.
std::optional<Profile> find_profile(const std::string& name_or_file, const std::filesystem::path& folder,
                                    std::vector<Problem>& problems);

/// The profile for a node with these GPUs: the largest memory that all of them offer, then the most
/// GPUs that are there; a CPU profile when no GPU fits. Throws Error{InvalidInput} when `known` has none.
Profile choose_profile(const std::vector<Gpu>& seen, const std::vector<Profile>& known);

}  // namespace longtake
