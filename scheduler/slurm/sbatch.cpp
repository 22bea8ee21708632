#include "scheduler/slurm/sbatch.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <regex>
#include <sstream>
#include <vector>

#include "jobs/error.h"
#include "storage/file_descriptor.h"

extern char** environ;

namespace longtake {
namespace {

/// A file in memory, read from its beginning: unlike a pipe it needs nobody who writes while sbatch reads.
FileDescriptor file_with(const std::string& text) {
  FileDescriptor file(::memfd_create("script", MFD_CLOEXEC));
  if (file.get() < 0) throw_errno("cannot hold the batch script in memory");
  for (std::size_t written = 0; written < text.size();) {
    const ssize_t count = ::write(file.get(), text.data() + written, text.size() - written);
    if (count < 0) throw_errno("cannot hold the batch script in memory");
    written += static_cast<std::size_t>(count);
  }
  ::lseek(file.get(), 0, SEEK_SET);
  return file;
}

struct SpawnActions {
  SpawnActions() { ::posix_spawn_file_actions_init(&actions); }
  ~SpawnActions() { ::posix_spawn_file_actions_destroy(&actions); }
  SpawnActions(const SpawnActions&) = delete;
  SpawnActions& operator=(const SpawnActions&) = delete;
  posix_spawn_file_actions_t actions{};
};

pid_t start_sbatch(const char* option, int input, int output) {
  SpawnActions spawn;
  ::posix_spawn_file_actions_adddup2(&spawn.actions, input, STDIN_FILENO);
  ::posix_spawn_file_actions_adddup2(&spawn.actions, output, STDOUT_FILENO);
  ::posix_spawn_file_actions_adddup2(&spawn.actions, output, STDERR_FILENO);
  std::array<std::string, 2> words = {"sbatch", option};
  std::array<char*, 3> arguments = {words[0].data(), words[1].data(), nullptr};
  pid_t child = 0;
  const int error = ::posix_spawnp(&child, "sbatch", &spawn.actions, nullptr, arguments.data(), environ);
  if (error == 0) return child;
  throw Error(ErrorKind::InvalidInput, std::string("cannot start sbatch (") + std::strerror(error) +
                                           "): log in to a machine of the cluster, where Slurm is installed");
}

std::string read_to_end(int descriptor) {
  std::string text;
  std::array<char, 4096> piece{};
  for (;;) {
    const ssize_t count = ::read(descriptor, piece.data(), piece.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return text;
    text.append(piece.data(), static_cast<std::size_t>(count));
  }
}

std::string without_line_end(std::string text) {
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

/// Everything that sbatch says about the script, whatever it calls an error.
std::string sbatch(const char* option, const std::string& script) {
  const FileDescriptor input = file_with(script);
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw_errno("cannot make a pipe");
  const FileDescriptor output(ends[0]);
  FileDescriptor childs_output(ends[1]);
  const pid_t child = start_sbatch(option, input.get(), childs_output.get());
  childs_output.close();
  const std::string said = without_line_end(read_to_end(output.get()));
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return said;
  throw Error(ErrorKind::InvalidInput, "Slurm does not take the job: " + said);
}

}  // namespace

bool is_on_path(const std::string& program) {
  const char* path = std::getenv("PATH");
  std::istringstream folders(path != nullptr ? path : "");
  for (std::string folder; std::getline(folders, folder, ':');) {
    if (::access((std::filesystem::path(folder) / program).c_str(), X_OK) == 0) return true;
  }
  return false;
}

std::string ask_sbatch(const std::string& script) { return sbatch("--test-only", script); }

std::string submit_to_sbatch(const std::string& script) {
  const std::string said = sbatch("--parsable", script);
  // NUMBER, or NUMBER;CLUSTER; a site's submission filter may have put lines before it.
  static const std::regex number(R"((?:^|\n)(\d+)(?:;\S*)?(?:\n|$))");
  std::smatch match;
  if (std::regex_search(said, match, number)) return match[1];
  throw Error(ErrorKind::InvalidInput, "sbatch gave no job number, it said: " + said);
}

}  // namespace longtake
