#include "scheduler/planner/profile.h"

#include <algorithm>

#include "jobs/error.h"
#include "jobs/nearest_word.h"
#include "jobs/yaml_document.h"

namespace longtake {
namespace fs = std::filesystem;
namespace {

constexpr std::int64_t kMostBytes = std::int64_t{1} << 50;
constexpr std::int64_t kMebibyte = std::int64_t{1} << 20;

const std::vector<Choice<DeviceKind>> kDevices = {{"cpu", DeviceKind::Cpu}, {"gpu", DeviceKind::Gpu}};
const std::vector<Choice<Link>> kLinks = {
    {"none", Link::None}, {"pcie", Link::Pcie}, {"nvlink", Link::Nvlink}};

template <class Value>
std::string_view word_of(const std::vector<Choice<Value>>& choices, Value value) {
  for (const Choice<Value>& choice : choices) {
    if (choice.value == value) return choice.word;
  }
  return "";
}

std::string read_text(YamlDocument& yaml, const std::string& key, const std::string& example) {
  return yaml.require(key, example) ? yaml.text(key).value_or("") : "";
}

template <class Number>
void read_integer(YamlDocument& yaml, const std::string& key, IntegerBounds bounds, Number& target) {
  if (!yaml.require(key, std::to_string(bounds.smallest))) return;
  if (const auto value = yaml.integer(key, bounds)) target = static_cast<Number>(*value);
}

void read_number(YamlDocument& yaml, const std::string& key, NumberBounds bounds, double& target) {
  if (!yaml.require(key, std::to_string(bounds.smallest))) return;
  if (const auto value = yaml.number(key, bounds)) target = *value;
}

void read_timeouts(YamlDocument& yaml, Timeouts& timeouts) {
  constexpr IntegerBounds kUpToOneDay_s = {1, 86400};
  if (!yaml.require("timeouts", "{load_s: 900, first_block_s: 300, block_s: 120}")) return;
  std::optional<YamlDocument> limits = yaml.mapping("timeouts");
  if (!limits) return;
  read_integer(*limits, "load_s", kUpToOneDay_s, timeouts.load_s);
  read_integer(*limits, "first_block_s", kUpToOneDay_s, timeouts.first_block_s);
  read_integer(*limits, "block_s", kUpToOneDay_s, timeouts.block_s);
  if (const auto seconds = limits->integer("disk_full_s", kUpToOneDay_s)) {
    timeouts.disk_full_s = static_cast<int>(*seconds);
  }
  limits->report_unknown_keys();
}

void read_slurm(YamlDocument& yaml, SlurmFacts& slurm) {
  if (!yaml.has("slurm")) return;
  std::optional<YamlDocument> facts = yaml.mapping("slurm");
  if (!facts) return;
  slurm.partition = facts->text("partition").value_or("");
  slurm.account = facts->text("account").value_or("");
  slurm.time_limit = facts->text("time_limit").value_or("");
  slurm.cpus_per_task = static_cast<int>(facts->integer("cpus_per_task", {1, 1024}).value_or(0));
  slurm.memory_bytes = facts->integer("memory_bytes", {kMebibyte, kMostBytes}).value_or(0);
  facts->report_unknown_keys();
}

void read_largest_size(YamlDocument& yaml, SizeLimit& largest) {
  const std::string text = read_text(yaml, "largest_size", "704*384");
  if (text.empty()) return;
  const auto size = size_limit_from(text);
  if (size) {
    largest = *size;
  } else {
    yaml.add_problem("largest_size", "must be WIDTH*HEIGHT with sides from 64 to 8192, got '" + text + "'",
                     "write for example 704*384");
  }
}

void check_gpu(YamlDocument& yaml, const Profile& profile) {
  if (profile.usable_bytes > profile.memory_bytes) {
    yaml.add_problem("usable_bytes",
                     "must not exceed memory_bytes, " + std::to_string(profile.memory_bytes) + ", got " +
                         std::to_string(profile.usable_bytes),
                     "write what CUDA reports as the total of one GPU");
  }
  if (profile.reserve_bytes >= profile.usable_bytes && profile.usable_bytes > 0) {
    yaml.add_problem("reserve_bytes",
                     "must be less than usable_bytes, " + std::to_string(profile.usable_bytes) + ", got " +
                         std::to_string(profile.reserve_bytes),
                     "write for example 536870912, half a gibibyte");
  }
  if (profile.link == Link::None && profile.gpus_per_node > 1) {
    yaml.add_problem("link", "must be pcie or nvlink for " + std::to_string(profile.gpus_per_node) + " GPUs",
                     "write pcie when nvidia-smi topo -m shows no NV links");
  }
}

void read_gpu(YamlDocument& yaml, Profile& profile) {
  constexpr NumberBounds kRates_tflops = {0, 100000};
  profile.gpu_name = read_text(yaml, "gpu_name", "NVIDIA H100");
  read_integer(yaml, "gpus_per_node", {1, 64}, profile.gpus_per_node);
  read_integer(yaml, "memory_bytes", {1, kMostBytes}, profile.memory_bytes);
  read_integer(yaml, "usable_bytes", {1, kMostBytes}, profile.usable_bytes);
  read_integer(yaml, "reserve_bytes", {0, kMostBytes}, profile.reserve_bytes);
  read_number(yaml, "bf16_tflops", kRates_tflops, profile.bf16_tflops);
  read_number(yaml, "fp8_tflops", kRates_tflops, profile.fp8_tflops);
  if (yaml.require("link", "pcie")) profile.link = yaml.choice("link", kLinks).value_or(Link::Pcie);
  if (yaml.has("nccl_environment")) profile.nccl_environment = yaml.texts("nccl_environment");
  check_gpu(yaml, profile);
}

std::vector<fs::path> profile_files(const fs::path& folder, std::vector<Problem>& problems) {
  std::vector<fs::path> files;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    if (entry.path().extension() == ".yaml") files.push_back(entry.path());
  }
  if (error) {
    problems.push_back({folder.string(), 0, "", "cannot read the profiles: " + error.message(),
                        "install Longtake again, with its configs folder"});
  }
  std::sort(files.begin(), files.end());
  return files;
}

bool offers(const std::vector<Gpu>& seen, const Profile& profile) {
  return static_cast<std::size_t>(profile.gpus_per_node) <= seen.size() &&
         std::all_of(seen.begin(), seen.end(),
                     [&](const Gpu& gpu) { return gpu.memory_bytes >= profile.usable_bytes; });
}

}  // namespace

std::string_view name_of(DeviceKind device) { return word_of(kDevices, device); }
std::string_view name_of(Link link) { return word_of(kLinks, link); }

std::optional<Profile> parse_profile(const fs::path& file, std::vector<Problem>& problems) {
  const std::size_t problems_before = problems.size();
  std::optional<YamlDocument> yaml = YamlDocument::read_file(file, problems);
  if (!yaml) return std::nullopt;
  Profile profile;
  profile.name = file.stem().string();
  profile.description = read_text(*yaml, "description", "our render nodes");
  if (yaml->require("device", "gpu"))
    profile.device = yaml->choice("device", kDevices).value_or(DeviceKind::Gpu);
  read_integer(*yaml, "cpu_slots_per_node", {1, 1024}, profile.cpu_slots_per_node);
  read_integer(*yaml, "host_bytes_per_slot", {1, kMostBytes}, profile.host_bytes_per_slot);
  read_number(*yaml, "slate_megapixels_per_s", {0.1, 100000}, profile.slate_megapixels_per_s);
  read_largest_size(*yaml, profile.largest_size);
  read_timeouts(*yaml, profile.timeouts);
  read_slurm(*yaml, profile.slurm);
  if (profile.device == DeviceKind::Gpu) read_gpu(*yaml, profile);
  yaml->report_unknown_keys();
  if (problems.size() > problems_before) return std::nullopt;
  return profile;
}

std::vector<Profile> load_profiles(const fs::path& folder, std::vector<Problem>& problems) {
  std::vector<Profile> profiles;
  for (const fs::path& file : profile_files(folder, problems)) {
    if (auto profile = parse_profile(file, problems)) profiles.push_back(std::move(*profile));
  }
  return profiles;
}

std::optional<Profile> find_profile(const std::string& name_or_file, const fs::path& folder,
                                    std::vector<Problem>& problems) {
  const bool is_file =
      name_or_file.find('/') != std::string::npos || fs::path(name_or_file).extension() == ".yaml";
  if (is_file) return parse_profile(name_or_file, problems);
  std::vector<std::string> names;
  for (const fs::path& file : profile_files(folder, problems)) {
    names.push_back(file.stem().string());
    if (names.back() == name_or_file) return parse_profile(file, problems);
  }
  const auto nearest = nearest_word(name_or_file, names);
  problems.push_back({"", 0, "--profile", "there is no profile '" + name_or_file + "'",
                      (nearest ? "did you mean " + *nearest + "? Known are " : "known are ") +
                          join_words(names, " and ") + ", or give a file ending in .yaml"});
  return std::nullopt;
}

Profile choose_profile(const std::vector<Gpu>& seen, const std::vector<Profile>& known) {
  const auto is_worse = [](const Profile& a, const Profile& b) {
    return a.usable_bytes != b.usable_bytes ? a.usable_bytes < b.usable_bytes
                                            : a.gpus_per_node < b.gpus_per_node;
  };
  const Profile* best = nullptr;
  for (const Profile& profile : known) {
    // A CPU profile wants no GPU and no GPU memory: it fits everywhere and is the worst.
    if (!offers(seen, profile)) continue;
    if (best == nullptr || is_worse(*best, profile)) best = &profile;
  }
  if (best != nullptr) return *best;
  throw Error(ErrorKind::InvalidInput,
              "no profile fits this machine with its " + std::to_string(seen.size()) +
                  " GPUs: name one with --profile, or restore configs/profiles/cpu.yaml");
}

}  // namespace longtake
