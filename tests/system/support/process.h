#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace longtake {

/// The environment of a started process, and of all that it starts, carries its tag here.
inline constexpr const char* kTagVariable = "LONGTAKE_TEST_TAG";

struct ProcessOptions {
  std::vector<std::string> command;                ///< the program is looked up in PATH
  std::map<std::string, std::string> environment;  ///< besides ours
  std::filesystem::path folder;                    ///< to run in; empty: ours
};

/// How a process ended and what it said.
struct Ended {
  int exit_code = 0;  ///< 128 + the signal that killed it, as a shell says it
  std::string out;
  std::string err;
};

/// A real process in a session of its own, so that no signal of the terminal reaches it. What it writes
/// goes to files in a folder of its own. The destructor kills it and every process with its tag.
class Process {
 public:
  /// Throws std::runtime_error when it cannot be started.
  explicit Process(const ProcessOptions& options);
  ~Process();
  Process(Process&& other) noexcept;
  Process& operator=(Process&&) = delete;

  pid_t pid() const { return pid_; }
  const std::string& tag() const { return tag_; }
  bool is_over();
  /// Waits for its end. Throws std::runtime_error with what it said so far when that takes longer: a hung
  /// process must not hang the tests.
  Ended wait(std::chrono::seconds limit = std::chrono::seconds(60));
  void signal(int number) const;
  /// To its whole process group, as a terminal does for Ctrl-C.
  void signal_group(int number) const;
  std::string out() const;
  std::string err() const;

 private:
  std::string tag_;
  std::filesystem::path folder_;
  pid_t pid_ = 0;
  bool is_reaped_ = false;
  int exit_code_ = 0;
};

/// Runs to the end and returns standard output. Throws std::runtime_error when the exit code is not 0.
std::string output_of(const std::vector<std::string>& command);

}  // namespace longtake
