#include "rank/engine_process.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <fstream>
#include <string_view>
#include <thread>

#include "jobs/error.h"

namespace longtake {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// An order fits the socket's buffer, so only an engine that reads nothing lets a send wait.
constexpr std::int64_t kSendPatience_ms = 500;
// Between a process's end of file and its exit there is only the kernel's cleaning up.
constexpr std::int64_t kExitAfterEnd_ms = 500;
// With kSendPatience_ms and a caller's own patience this stays below the silence of a lost rank.
constexpr std::int64_t kKillPatience_ms = 1500;
// One receive() must come back to its caller even when an engine never stops talking.
constexpr int kReadsPerReceive = 16;

milliseconds left_until(steady_clock::time_point deadline) {
  return std::max(milliseconds(0), std::chrono::duration_cast<milliseconds>(deadline - steady_clock::now()));
}

/// Everything is sent, or the reason why not.
std::optional<std::string> send_all(int socket, std::string_view bytes) {
  const auto deadline = steady_clock::now() + milliseconds(kSendPatience_ms);
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
      continue;
    }
    if (errno == EINTR) continue;
    if (errno != EAGAIN) return std::string("does not take orders: ") + std::strerror(errno);
    if (left_until(deadline).count() == 0)
      return "did not take its order for " + std::to_string(kSendPatience_ms) + " ms";
    pollfd room{socket, POLLOUT, 0};
    ::poll(&room, 1, static_cast<int>(left_until(deadline).count()));
  }
  return std::nullopt;
}

std::int64_t read_peak_bytes(pid_t pid) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  std::string word;
  while (status >> word) {
    if (word != "VmHWM:") continue;
    std::int64_t kilobytes = 0;
    status >> kilobytes;
    return kilobytes * 1024;
  }
  return 0;
}

}  // namespace

std::string describe_exit(int wait_status) {
  if (WIFEXITED(wait_status)) return "exit code " + std::to_string(WEXITSTATUS(wait_status));
  if (!WIFSIGNALED(wait_status)) return "wait status " + std::to_string(wait_status);
  const int signal = WTERMSIG(wait_status);
  const char* name = ::sigabbrev_np(signal);
  return "killed by signal " + std::to_string(signal) +
         (name != nullptr ? " (SIG" + std::string(name) + ")" : "");
}

EngineProcess::EngineProcess(const std::filesystem::path& program, const std::filesystem::path& log,
                             const Environment& environment) {
  SpawnedChild child = spawn_engine(program, log, environment);
  pid_ = child.pid;
  line_ = std::move(child.line);
}

EngineProcess::~EngineProcess() { kill_and_reap(); }

void EngineProcess::send(const EngineOrder& order) {
  if (broken_ || ended_) return;
  if (auto failure = send_all(line_.get(), encode(order) + "\n")) break_with(*failure);
}

std::vector<EngineReport> EngineProcess::receive() {
  std::vector<EngineReport> reports;
  if (broken_ || is_at_end_) return reports;
  std::array<char, 64 * 1024> buffer;
  for (int reads = 0; reads < kReadsPerReceive; ++reads) {
    const ssize_t got = ::recv(line_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) break;
    if (got <= 0) {  // a reset is an end too: an engine that died with our order unread
      is_at_end_ = true;
      break;
    }
    received_.add({buffer.data(), static_cast<std::size_t>(got)});
  }
  try {
    while (const auto line = received_.next()) reports.push_back(decode_engine_report(*line));
  } catch (const Error& e) {
    break_with(std::string("sent ") + e.what());
  }
  return reports;
}

std::optional<std::string> EngineProcess::death() {
  if (ended_) return ended_;
  if (broken_) {
    kill_and_reap();
    ended_ = *broken_;
    return ended_;
  }
  if (!is_at_end_) {
    // Told at the next call at the earliest: what it said between our receive() and its exit comes first.
    reap(0);
    return std::nullopt;
  }
  if (!reap(kExitAfterEnd_ms)) {
    kill_and_reap();
    ended_ = "closed its line without ending";
  }
  return ended_;
}

void EngineProcess::stop(std::int64_t patience_ms) {
  if (ended_) return;
  send(QuitEngine{});
  ::shutdown(line_.get(), SHUT_WR);
  if (!reap(patience_ms)) kill_and_reap();
}

std::int64_t EngineProcess::peak_bytes() {
  if (!ended_) peak_bytes_ = std::max(peak_bytes_, read_peak_bytes(pid_));
  return peak_bytes_;
}

/// True once the process has ended; waits for it at most `patience_ms`.
bool EngineProcess::reap(std::int64_t patience_ms) {
  const auto deadline = steady_clock::now() + milliseconds(patience_ms);
  while (!ended_) {
    int status = 0;
    const pid_t reaped = ::waitpid(pid_, &status, WNOHANG);
    if (reaped == pid_) ended_ = describe_exit(status);
    if (reaped < 0 && errno != EINTR) ended_ = "reaped by somebody else";
    if (ended_ || left_until(deadline).count() == 0) break;
    std::this_thread::sleep_for(milliseconds(1));
  }
  return ended_.has_value();
}

void EngineProcess::kill_and_reap() {
  if (ended_) return;
  ::kill(pid_, SIGKILL);
  if (!reap(kKillPatience_ms)) ended_ = "killed, but held by the kernel";
}

void EngineProcess::break_with(const std::string& reason) {
  if (!broken_) broken_ = reason;
}

}  // namespace longtake
