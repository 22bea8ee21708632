#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string_view>
#include <thread>

#include "jobs/engine_device.h"
#include "rank/engine/bench/bench_command.h"
#include "rank/engine/compute_threads.h"
#include "rank/engine/devices/device_report.h"
#include "rank/engine/liveavatar/live_avatar.h"
#include "rank/engine_side/engine_program.h"

namespace {

std::shared_ptr<longtake::LiveAvatar> start_live_avatar() {
  // Of the processors that the rank left us.
  longtake::use_compute_threads(static_cast<int>(std::max(1U, std::thread::hardware_concurrency())));
  return std::make_shared<longtake::LiveAvatar>(longtake::engine_device_from(
      std::getenv(longtake::kEngineDeviceVariable), std::getenv(longtake::kEngineMemoryVariable)));
}

int print(const nlohmann::json& report) {
  std::cout << report.dump(2) << '\n';
  return 0;
}

}  // namespace

int main(int argument_count, char** arguments) {
  const std::string_view word = argument_count > 1 ? arguments[1] : "";
  if (word == "bench") return longtake::bench_command(argument_count - 2, arguments + 2);
  if (word == "devices") return print(longtake::device_report());
  if (word == "nccl-trial") return print(longtake::nccl_trial_report());
  std::shared_ptr<longtake::LiveAvatar> live_avatar;
  const longtake::EngineProgram program = {
      "longtake-engine",
      "liveavatar",
      longtake::kLiveAvatarVersion,
      "Live Avatar. It generates a job's video from its portrait, its speech and its prompt\n"
      "with the model of a checkpoint folder, on the CPU, or with LONGTAKE_ENGINE_DEVICE=gpu on the first\n"
      "CUDA device it sees, of whose memory it takes at most LONGTAKE_ENGINE_MEMORY_BYTES.\n",
      "  bench       measures the model on this machine; 'longtake-engine bench --help' says more\n"
      "  devices     says as JSON which LibTorch, CUDA devices and NCCL it has\n"
      "  nccl-trial  tries NCCL over all CUDA devices it sees; may hang where they do not reach each other\n",
      "",
      [&] { return live_avatar->can_go_on(); }};
  return longtake::run_engine_program(program, argument_count, arguments, [&]() -> longtake::SegmentMaker {
    live_avatar = start_live_avatar();
    return [&](const longtake::SegmentOrder& order, const longtake::AfterFrame& after_frame) {
      return live_avatar->make(order, after_frame);
    };
  });
}
