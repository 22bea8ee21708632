#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "jobs/engine_protocol.h"
#include "jobs/line_buffer.h"
#include "rank/spawn.h"
#include "storage/file_descriptor.h"

namespace longtake {

/// "exit code 3", "killed by signal 9 (SIGKILL)": a status as waitpid() gives it, in words.
std::string describe_exit(int wait_status);

/// An engine program running as our child, and the line to it. Used by one thread, which must also be
/// the one that outlives it: Linux kills the child when the *thread* that started it ends.
/// Whatever happens to the engine, it is reported by death(), never by an exception.
class EngineProcess {
 public:
  /// Starts `program` without arguments. What it prints goes to the end of `log`, or to our standard
  /// error when `log` is empty. It has no other descriptor of ours, its own process group, no signal
  /// blocked, none ignored but those that drain or end a run (Slurm sends them to every process, and they
  /// are ours to answer), and is killed when we die.
  /// Throws Error{InvalidInput} when there is no such program, Error{Io} when it cannot be started now.
  /// `environment` replaces or adds variables of ours.
  EngineProcess(const std::filesystem::path& program, const std::filesystem::path& log,
                const Environment& environment = {});

  /// Kills it when it still runs.
  ~EngineProcess();
  EngineProcess(const EngineProcess&) = delete;
  EngineProcess& operator=(const EngineProcess&) = delete;

  int pid() const { return pid_; }
  /// Readable when receive() or death() may have news.
  int descriptor() const { return line_.get(); }

  /// An engine that does not take its order within half a second is broken; see death().
  void send(const EngineOrder& order);

  /// What has arrived since the last call; never waits. A line that is not a report, or has no end
  /// within kLongestLine_bytes, makes the engine broken: nothing after it is delivered.
  std::vector<EngineReport> receive();

  /// How it ended, once it has: "killed by signal 9 (SIGKILL)". A broken engine is killed here.
  /// Never waits longer than a fraction of a second. Ask after receive(): its last words come first.
  std::optional<std::string> death();

  /// Asks it to quit, gives it `patience_ms`, then kills it. It is gone and reaped afterwards, unless the
  /// kernel cannot end it (a driver call that hangs): then it is left to the kernel after 1.5 s.
  void stop(std::int64_t patience_ms);

  /// Largest resident memory so far (VmHWM); the last known value once it has ended, 0 when never known.
  std::int64_t peak_bytes();

 private:
  bool reap(std::int64_t patience_ms);
  void kill_and_reap();
  void break_with(const std::string& reason);

  pid_t pid_ = 0;
  FileDescriptor line_;
  LineBuffer received_;
  bool is_at_end_ = false;             // end of file from the engine
  std::optional<std::string> broken_;  // why we do not talk to it any more
  std::optional<std::string> ended_;   // how it ended
  std::int64_t peak_bytes_ = 0;
};

}  // namespace longtake
