#include "tests/system/storm/night.h"

#include <signal.h>

#include <map>
#include <stdexcept>
#include <thread>

#include "tests/system/support/files.h"
#include "tests/system/support/waiting.h"

namespace longtake {
namespace {

constexpr int kFramesPerSegment = 12;
/// About one attempt in seven goes wrong, kills besides: enough work for the faults that are wanted.
constexpr std::size_t kSegmentsPerFault = 10;
constexpr std::chrono::seconds kRunLimit{900};
/// A rank gives a silent scheduler up after 10 s.
constexpr std::chrono::seconds kNothingLeftAfter{14};

/// Chances are per attempt, at=load per start of an engine.
constexpr const char* kFaults = R"(
exit at=load one_in=12
hang at=load one_in=25
kill one_in=50 frame=5
exit one_in=50 frame=11
garbage one_in=100
close one_in=150
hang one_in=150 frame=6
io_error one_in=100 frame=4
disk_full one_in=250 frame=4
out_of_memory one_in=400
torn_file one_in=120
short_file one_in=80
late one_in=120 seconds=1
late one_in=400 seconds=5
old_attempt one_in=40
)";

/// A machine on which a hang is soon one.
constexpr const char* kProfile =
    "description: A machine without GPUs and without patience\ndevice: cpu\ncpu_slots_per_node: 3\n"
    "host_bytes_per_slot: 2147483648\nslate_megapixels_per_s: 40\nlargest_size: 1920*1080\n"
    "timeouts:\n  load_s: 2\n  first_block_s: 2\n  block_s: 2\n  disk_full_s: 1\n";

struct Target {
  const char* name;
  Role role;
  int rank;  ///< -1: any
  int of_twenty;
};
constexpr Target kTargets[] = {{"an engine", Role::Engine, -1, 11},   {"a rank", Role::Rank, 1, 2},
                               {"a rank", Role::Rank, 2, 2},          {"mpirun", Role::Mpirun, -1, 3},
                               {"the command", Role::Command, -1, 1}, {"the scheduler", Role::Rank, 0, 1}};

const Target& target_of(int draw) {
  for (const Target& target : kTargets) {
    draw -= target.of_twenty;
    if (draw < 0) return target;
  }
  return kTargets[0];
}

std::string seeded(const std::string& script, unsigned seed) {
  std::string lines;
  for (const char c : script) lines += c == '\n' ? " seed=" + std::to_string(seed) + "\n" : std::string(1, c);
  return lines.substr(lines.find('\n') + 1);  // the raw string begins with an empty line
}

}  // namespace

Night::Night(unsigned seed, std::size_t faults)
    : random_(seed),
      wanted_faults_(faults),
      frames_(static_cast<std::int64_t>(kSegmentsPerFault * faults / 4 + 10) * kFramesPerSegment) {
  const std::string all = "infer_frames: 12\nsegment_clips: 1\n";
  const double seconds = static_cast<double>(frames_) / 25;
  project_.add_job(jobs_[0], Recording().speech(seconds), all + "continuity: chained\npriority: 1\n");
  project_.add_job(jobs_[1], Recording().speech(seconds), all + "continuity: parallel\n");
  project_.add_job(jobs_[2], Recording().tone(seconds), all + "continuity: parallel\npriority: 1\n");
  project_.add_job(jobs_[3], Recording().tone(seconds, 330), all + "continuity: chained\n");
  write_file(project_.file("impatient.yaml"), kProfile);
  project_.set_faults(seeded(kFaults, seed));
}

void Night::pass() {
  const std::size_t most_runs = 20 + wanted_faults_;
  while (runs_.size() < most_runs) {
    if (is_calm()) project_.set_faults("");
    const Ended ended = one_run();
    if (ended.exit_code == 0) return;
    const bool is_expected = ended.exit_code == 1 || ended.exit_code == 75 || ended.exit_code == 93 ||
                             ended.exit_code == 128 + SIGKILL;
    if (!is_expected) {
      throw std::runtime_error("run " + std::to_string(runs_.size()) + " ended with exit code " +
                               std::to_string(ended.exit_code) + "\n" + ended.out + ended.err);
    }
  }
  throw std::runtime_error("the films are not there after " + std::to_string(runs_.size()) +
                           " runs; the last said\n" + runs_.back().out() + runs_.back().err());
}

Ended Night::one_run() {
  runs_.push_back(project_.start_run(jobs_, {"--ranks", "3", "--profile", "impatient.yaml"}));
  Process& run = runs_.back();
  const bool began_calm = is_calm();
  while (!run.is_over()) {
    const std::chrono::milliseconds pause(100 + below(1500));
    becomes_true([&] { return run.is_over(); }, pause);
    if (!run.is_over() && !began_calm) disturb(run);
  }
  return run.wait(kRunLimit);
}

/// Once it is calm, the engines that still misbehave go with their mpirun.
void Night::disturb(Process& run) {
  const Target target = is_calm() ? kTargets[3] : target_of(below(20));
  const auto process = find_process(run.tag(), target.role, target.rank);
  if (!process) return;
  ::kill(process->pid, SIGKILL);
  kills_.push_back(target.name);
}

std::vector<RunProcess> Night::processes_left() const {
  std::vector<RunProcess> left;
  becomes_true(
      [&] {
        left.clear();
        for (const Process& run : runs_) {
          const auto of_run = processes_of(run.tag());
          left.insert(left.end(), of_run.begin(), of_run.end());
        }
        return left.empty();
      },
      kNothingLeftAfter);
  return left;
}

std::string Night::summary() const {
  std::map<std::string, int> counts;
  for (const std::string& kill : kills_) ++counts["SIGKILL of " + kill];
  for (const std::string& fault : project_.faults_committed()) ++counts[fault.substr(0, fault.find(' '))];
  std::string text = std::to_string(runs_.size()) + " runs, " + std::to_string(faults()) + " faults:";
  for (const auto& [name, count] : counts) text += " " + std::to_string(count) + " " + name + ",";
  text.pop_back();
  return text;
}

}  // namespace longtake
