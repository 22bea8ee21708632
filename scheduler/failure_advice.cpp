#include "scheduler/failure_advice.h"

#include <algorithm>
#include <cctype>
#include <vector>

namespace longtake {
namespace {

/// A failure by words that its message contains, in small letters.
struct KnownFailure {
  std::vector<std::string> words;  ///< any of them
  FailureAdvice advice;
};

constexpr const char* kNothing = "Nothing is to be done: it was tried again by itself.";
constexpr const char* kRunAgain = "Run again: finished segments are kept.";

/// The machine's part of a failure: what its message says of the cause beneath.
const std::vector<KnownFailure>& causes() {
  static const std::vector<KnownFailure> table = {
      {{"no space left", "disk is full", "disk stayed full", "quota exceeded", "file too large"},
       {"The disk of the work directory is full.",
        "Make room there: a run that waits goes on by itself, one that has ended is run again."}},
      {{"on_oom: smaller_size"},
       {"There was too little memory for the size asked for, and the job's file allows a smaller one.",
        "Nothing is to be done: the next run makes the whole film at that size. For the size asked for, give "
        "it "
        "more or larger cards, and another work directory."}},
      {{"out of memory", "out_of_memory", "no memory left", "bad_alloc"},
       {"A card or the host has less memory than a segment of this size takes.",
        "Take a smaller size, allow one with on_oom: smaller_size, or take a larger group: 'longtake plan' "
        "shows every card's peak and the nearest "
        "settings that fit; gpu_memory.csv in the job's logs shows the measured ones."}},
      {{"trying without peer-to-peer"},
       {"The cards of a group could not reach each other in the fast way.",
        "Nothing: the group was tried again without peer-to-peer and InfiniBand, and goes on so. 'longtake "
        "doctor' on that machine shows why, and what to set for the next run."}},
      {{"group cannot meet", "group to meet in", "the group's socket"},
       {"The engines of a group could not open the sockets over which they speak.",
        "Nothing the first time: every attempt has a place of its own in /tmp. When it repeats, look at /tmp "
        "on that machine."}},
      {{"nccl"},
       {"The cards of a group could not reach each other.",
        "Run 'longtake doctor' on that machine: it checks CUDA_VISIBLE_DEVICES, ports and peer access."}},
      {{"no progress for"},
       {"The engine hung: its process was there, but no frames came.",
        "Nothing the first time: it was killed and the segment is tried again. When it repeats, look at that "
        "machine with 'longtake doctor', or give more time under 'timeouts' in the profile."}},
      {{"was not ready"},
       {"The engine took longer to start than the profile allows.",
        "Put the checkpoint on a faster disk, or raise 'load_s' under 'timeouts' in the profile."}},
      {{"did not stop within"},
       {"The engine did not give up its segment when it was told to, and was killed.", kNothing}},
      {{"speaks engine protocol"},
       {"The engine program is of another release than longtake.", "Install both from the same release."}},
      {{"cannot start the engine program", "there is no engine"},
       {"The engine's program is missing or cannot be executed.",
        "Install longtake completely, or take 'engine: slate'."}},
      {{"ended while it was starting", "could not start its engine"},
       {"The engine's program ends before it is ready.",
        "Read what the engine printed, and run 'longtake doctor' on that machine: driver, libraries and "
        "checkpoint are what fails at a start."}},
      {{"killed by signal 9"},
       {"Something killed the engine; Linux does that when the host's memory is used up.",
        "Nothing the first time. When it repeats, look for 'Out of memory' in dmesg, and start fewer ranks "
        "on "
        "that machine or ask for more memory."}},
      {{"ended while it was making a segment", "closed its line", "did not take its order",
        "before it said which protocol", "is no json", "not json", "cannot read the message",
        "bytes without an end"},
       {"The engine crashed or broke off.",
        "Nothing the first time. When it repeats, read what the engine printed and run 'longtake doctor' on "
        "that machine."}},
      {{"is still busy with attempt", "is still making attempt"},
       {"A rank was given a segment while it had one: an error in longtake.", "Run again, and report it."}},
      {{"the engine made "},
       {"The engine handed in a segment with a wrong number of frames, which was refused.",
        "Nothing the first time. When it repeats, the engine's program is damaged: install it anew."}},
      {{"cannot be gone on from"},
       {"What the segment before handed on was damaged or is of another job.",
        "Have it made again: 'longtake redo JOB --clips A:B' from the segment before."}},
      {{"the reference image", "the speech"},
       {"The prepared picture or sound in the work directory was changed or removed.",
        "Remove 'prepared.json' in the job's folder and run again: the inputs are read anew."}},
      {{"nothing heard for", "its connection has ended"},
       {"A rank or its machine died, or lost the network.",
        "Nothing while others work. Look at that machine; the next run uses it again when it is there."}},
      {{"started over"},
       {"A rank was out of reach for a while and joined again.", "Nothing: its segment is tried again."}},
      {{"s for the others while starting"},
       {"A rank did not come while the run was starting.",
        "Run again; when it repeats, 'longtake doctor' checks how ranks are launched."}},
      {{"input/output error", "stale file handle", "read-only file system", "cannot write", "cannot read",
        "cannot open", "did not verify"},
       {"The disk or the network file system failed while a file was read or written.",
        "Nothing the first time. When it repeats, look at the disk, or take another --work-dir."}},
  };
  return table;
}

/// What became of it: used when the message says nothing of the cause.
const std::vector<KnownFailure>& consequences() {
  static const std::vector<KnownFailure> table = {
      {{"no progress over"},
       {"Three starts in a row finished nothing, so running again by itself would not help.",
        "Remove the cause that the message names, then run again."}},
      {{"made again"},
       {"A segment's file was missing or no longer held what was written.",
        "Nothing: it is made again. When it repeats, look at the disk."}},
      {{"could not be joined", "joining failed"},
       {"All segments are made, but the film could not be put together from them.",
        "Read the reason; running again tries the join anew and keeps all segments."}},
      {{"segments in a row and is not used"},
       {"One group failed again and again at segments that others may make, so it is left out.",
        "Look at that machine with 'longtake doctor'; the next run uses it again."}},
      {{"lost its attempt"},
       {"The ranks of one group were out of reach again and again while they worked, so it is left out.",
        "Look at that machine's memory and network, 'longtake doctor' does so; the next run uses it again."}},
      {{"times, the last time with"},
       {"The same segment failed on every try, so it is not one bad machine.",
        "Read the reason, remove it, and run again: the count starts anew."}},
      {{"no rank is left"},
       {"Every machine of the run is lost or left out.", "Look at the machines, then run again."}},
      {{"the process that started it is gone", "run was killed", "scheduler or mpirun was killed"},
       {"The run was killed from outside, or its machine went down.", kRunAgain}},
      {{"the time ends at"},
       {"The time that the batch system gave is over, or too short for another segment.",
        "Run again, or submit again: finished segments are kept. Give more time when nothing gets done."}},
      {{"signal usr1", "signal term", "signal int", "drained", "draining"},
       {"The run was asked to stop: by Slurm before its time limit or for another job, by Ctrl-C, or by "
        "'longtake drain'.",
        kRunAgain}},
      {{"is gone"}, {"A rank ended.", "Nothing while others work."}},
      {{"failed on rank"},
       {"An engine failed at a segment.",
        "Nothing the first time: it is tried again, elsewhere first. When it repeats, read the reason."}},
      {{"the run ended", "given up as ordered", "ended early as ordered", "cancelled before it began"},
       {"It was broken off because its run or its job was ending.", kRunAgain}},
  };
  return table;
}

std::optional<FailureAdvice> find(const std::vector<KnownFailure>& table, const std::string& message) {
  for (const KnownFailure& known : table) {
    const bool is_this = std::any_of(known.words.begin(), known.words.end(), [&](const std::string& words) {
      return message.find(words) != std::string::npos;
    });
    if (is_this) return known.advice;
  }
  return std::nullopt;
}

bool tells_of_something_good(const std::string& message) {
  return message.find("has room again") != std::string::npos || message.rfind("done: ", 0) == 0 ||
         message.rfind("resumed: ", 0) == 0 || message.rfind("redo: ", 0) == 0;
}

}  // namespace

std::optional<FailureAdvice> advice_on(const std::string& message) {
  std::string small = message;
  std::transform(small.begin(), small.end(), small.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (tells_of_something_good(small)) return std::nullopt;
  const auto cause = find(causes(), small);
  return cause ? cause : find(consequences(), small);
}

}  // namespace longtake
