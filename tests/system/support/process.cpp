#include "tests/system/support/process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <stdexcept>

#include "tests/system/support/files.h"
#include "tests/system/support/process_tree.h"
#include "tests/system/support/waiting.h"

namespace longtake {
namespace {

namespace fs = std::filesystem;

std::string next_tag() {
  static std::atomic<int> next{0};
  return std::to_string(::getpid()) + "-" + std::to_string(next++);
}

std::vector<std::string> environment_with(const std::map<std::string, std::string>& more) {
  std::map<std::string, std::string> variables;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    const auto equals = text.find('=');
    if (equals != std::string::npos) variables[text.substr(0, equals)] = text.substr(equals + 1);
  }
  for (const auto& [name, value] : more) variables[name] = value;
  std::vector<std::string> entries;
  for (const auto& [name, value] : variables) entries.push_back(name + "=" + value);
  return entries;
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

/// Between fork and exec: only async-signal-safe calls, as the tests have threads.
struct ChildPlan {
  char* const* arguments;
  char* const* environment;
  const char* folder;
  const char* out;
  const char* err;
};

[[noreturn]] void become(const ChildPlan& plan) {
  ::setsid();
  const int null = ::open("/dev/null", O_RDONLY);
  const int out = ::open(plan.out, O_WRONLY | O_CREAT | O_APPEND, 0644);
  const int err = ::open(plan.err, O_WRONLY | O_CREAT | O_APPEND, 0644);
  ::dup2(null, STDIN_FILENO);
  ::dup2(out, STDOUT_FILENO);
  ::dup2(err, STDERR_FILENO);
  ::close_range(STDERR_FILENO + 1, ~0U, 0);
  if (::chdir(plan.folder) == 0) ::execvpe(plan.arguments[0], plan.arguments, plan.environment);
  ::_exit(127);
}

int shell_code_of(int status) { return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status); }

}  // namespace

Process::Process(const ProcessOptions& options) : tag_(next_tag()), folder_(make_temporary_folder()) {
  std::map<std::string, std::string> variables = options.environment;
  variables[kTagVariable] = tag_;
  std::vector<std::string> environment = environment_with(variables);
  std::vector<std::string> command = options.command;
  const std::vector<char*> arguments = pointers_to(command);
  const std::vector<char*> entries = pointers_to(environment);
  const std::string folder = options.folder.empty() ? "." : options.folder.string();
  const std::string out = folder_ / "out";
  const std::string err = folder_ / "err";
  pid_ = ::fork();
  if (pid_ < 0) throw std::runtime_error("cannot start " + command.front() + ": " + std::strerror(errno));
  if (pid_ == 0) become({arguments.data(), entries.data(), folder.c_str(), out.c_str(), err.c_str()});
}

Process::Process(Process&& other) noexcept
    : tag_(std::move(other.tag_)),
      folder_(std::move(other.folder_)),
      pid_(other.pid_),
      is_reaped_(other.is_reaped_),
      exit_code_(other.exit_code_) {
  other.pid_ = 0;
}

Process::~Process() {
  if (pid_ == 0) return;
  for (const RunProcess& process : processes_of(tag_)) ::kill(process.pid, SIGKILL);
  if (!is_over()) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  std::error_code none;
  fs::remove_all(folder_, none);
}

bool Process::is_over() {
  if (is_reaped_) return true;
  int status = 0;
  if (::waitpid(pid_, &status, WNOHANG) != pid_) return false;
  is_reaped_ = true;
  exit_code_ = shell_code_of(status);
  return true;
}

Ended Process::wait(std::chrono::seconds limit) {
  if (!becomes_true([this] { return is_over(); }, limit)) {
    throw std::runtime_error("pid " + std::to_string(pid_) + " does not end:\n" + out() + err());
  }
  return {exit_code_, out(), err()};
}

void Process::signal(int number) const {
  if (!is_reaped_) ::kill(pid_, number);
}

void Process::signal_group(int number) const {
  if (!is_reaped_) ::kill(-pid_, number);
}

std::string Process::out() const { return read_file(folder_ / "out"); }

std::string Process::err() const { return read_file(folder_ / "err"); }

std::string output_of(const std::vector<std::string>& command) {
  const Ended ended = Process({command, {}, {}}).wait();
  if (ended.exit_code == 0) return ended.out;
  std::string line;
  for (const std::string& word : command) line += word + " ";
  throw std::runtime_error(line + "ended with " + std::to_string(ended.exit_code) + ": " + ended.err);
}

}  // namespace longtake
