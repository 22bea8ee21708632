#include "rank/rank_loop.h"

#include <poll.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <memory>
#include <optional>

#include "jobs/error.h"
#include "rank/awake_clock.h"
#include "rank/engine_process.h"
#include "rank/meeting_place.h"
#include "rank/visible_gpus.h"

namespace longtake {
namespace {

constexpr int kTick_ms = 100;
// An engine that needs longer is killed, which costs nothing: it holds no attempt. Meanwhile the rank is
// silent, and must not be so for kRankSilence_ms.
constexpr std::int64_t kStopPatience_ms = 500;

std::int64_t steady_now_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

class RankLoop {
 public:
  RankLoop(const RankOptions& options, SchedulerLink& scheduler)
      : options_(options), scheduler_(scheduler), core_(options.hardware, options.limits) {}

  RankExit run() {
    perform(core_.on_start(now_ms()));
    while (!exit_) {
      check_launcher();
      check_signals();
      check_engine();
      if (!exit_) perform(core_.on_tick(now_ms()));
      // Last, because the link's descriptor tells nothing about what came in during a send().
      if (!exit_ && !hear_scheduler()) sleep();
    }
    return *exit_;
  }

 private:
  std::int64_t now_ms() { return clock_.now_ms(steady_now_ms()); }

  void check_launcher() {
    if (options_.launcher != 0 && ::getppid() != options_.launcher) perform(core_.on_launcher_lost());
  }

  void check_signals() {
    std::array<unsigned char, 16> numbers{};
    if (exit_ || options_.signals < 0) return;
    pollfd readable{options_.signals, POLLIN, 0};
    if (::poll(&readable, 1, 0) <= 0) return;
    const ssize_t got = ::read(options_.signals, numbers.data(), numbers.size());
    for (ssize_t i = 0; i < got && !exit_; ++i) {
      if (numbers[static_cast<std::size_t>(i)] == SIGTERM) perform(core_.on_signal("TERM"));
    }
  }

  void check_engine() {
    if (exit_ || !engine_) return;
    const int speaker = engine_->pid();
    for (const EngineReport& report : engine_->receive()) {
      perform(core_.on_report(report, engine_->peak_bytes(), now_ms()));
      if (!engine_ || engine_->pid() != speaker) return;  // that report was a reason to end it
    }
    const std::optional<std::string> how = engine_->death();
    if (!how) return;
    spdlog::warn("rank {}: engine ended: {}", options_.hardware.rank.value, *how);
    engine_.reset();
    perform(core_.on_engine_died(*how, now_ms()));
  }

  /// True when there was a message.
  bool hear_scheduler() {
    try {
      const std::optional<SchedulerMessage> message = scheduler_.receive();
      if (message) perform(core_.on_order(*message, now_ms()));
      return message.has_value();
    } catch (const Error& e) {
      spdlog::error("rank {}: message from the scheduler ignored: {}", options_.hardware.rank.value,
                    e.what());
      return true;
    }
  }

  void sleep() {
    std::array<pollfd, 3> sources = {{{scheduler_.descriptor(), POLLIN, 0},
                                      {engine_ ? engine_->descriptor() : -1, POLLIN, 0},
                                      {options_.signals, POLLIN, 0}}};
    if (::poll(sources.data(), sources.size(), kTick_ms) < 0 && errno != EINTR)
      throw_errno("cannot wait for messages");
  }

  void perform(const RankActions& actions) {
    for (const RankAction& action : actions) std::visit([&](const auto& wanted) { perform(wanted); }, action);
  }

  void perform(const TellScheduler& wanted) { scheduler_.send(wanted.message); }

  void perform(const StartEngine& wanted) {
    try {
      const auto program = options_.engines.find(wanted.engine);
      if (program == options_.engines.end()) {
        throw Error(ErrorKind::InvalidInput,
                    "there is no engine '" + wanted.engine + "' in this installation");
      }
      engine_ = std::make_unique<EngineProcess>(program->second, log_file(),
                                                engine_environment(wanted.plain_transport));
      core_.on_engine_spawned(engine_->pid());
    } catch (const Error& e) {
      perform(core_.on_engine_not_spawned(e, now_ms()));
    }
  }

  void perform(const TellEngine& wanted) {
    if (!engine_) return;
    if (const auto* make = std::get_if<MakeSegment>(&wanted.order)) go_to_meeting(make->order);
    engine_->send(wanted.order);
  }

  void go_to_meeting(const SegmentOrder& order) {
    try {
      meeting_.go_to(order.share.meeting);
    } catch (const Error& e) {  // its engine will not find the folder either, and says so
      spdlog::error("rank {}: {}", options_.hardware.rank.value, e.what());
    }
  }

  void perform(const StopEngine&) {
    if (engine_) engine_->stop(kStopPatience_ms);
    engine_.reset();
  }

  void perform(const KillEngine&) { engine_.reset(); }

  void perform(const Leave& wanted) { exit_ = wanted.exit; }

  /// An engine sees its rank's GPU as the only one.
  Environment engine_environment(bool plain_transport) const {
    Environment environment = options_.engine_environment;
    if (const auto gpu = options_.hardware.gpu_index()) {
      const char* variable = std::getenv("CUDA_VISIBLE_DEVICES");
      environment.merge(variables_for_gpu(
          variable != nullptr ? std::optional<std::string>(variable) : std::nullopt, static_cast<int>(*gpu)));
    }
    if (plain_transport) {
      environment["NCCL_P2P_DISABLE"] = "1";
      environment["NCCL_IB_DISABLE"] = "1";
    }
    return environment;
  }

  std::filesystem::path log_file() const {
    if (options_.log_folder.empty()) return {};
    return options_.log_folder / ("engine-" + std::to_string(options_.hardware.rank.value) + ".log");
  }

  const RankOptions& options_;
  SchedulerLink& scheduler_;
  RankCore core_;
  AwakeClock clock_;
  MeetingPlace meeting_;
  std::unique_ptr<EngineProcess> engine_;
  std::optional<RankExit> exit_;
};

}  // namespace

RankExit run_rank(const RankOptions& options, SchedulerLink& scheduler) {
  return RankLoop(options, scheduler).run();
}

}  // namespace longtake
