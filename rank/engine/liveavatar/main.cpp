#include <algorithm>
#include <memory>
#include <string_view>
#include <thread>

#include "rank/engine/bench/bench_command.h"
#include "rank/engine/compute_threads.h"
#include "rank/engine/liveavatar/live_avatar.h"
#include "rank/engine_side/engine_program.h"

namespace {

longtake::SegmentMaker live_avatar_maker() {
  // Of the processors that the rank left us.
  longtake::use_compute_threads(static_cast<int>(std::max(1U, std::thread::hardware_concurrency())));
  const auto live_avatar = std::make_shared<longtake::LiveAvatar>(longtake::device_here());
  return [live_avatar](const longtake::SegmentOrder& order, const longtake::AfterFrame& after_frame) {
    return live_avatar->make(order, after_frame);
  };
}

}  // namespace

int main(int argument_count, char** arguments) {
  if (argument_count > 1 && std::string_view(arguments[1]) == "bench") {
    return longtake::bench_command(argument_count - 2, arguments + 2);
  }
  const longtake::EngineProgram program = {
      "longtake-engine",
      "liveavatar",
      longtake::kLiveAvatarVersion,
      "Live Avatar. It generates a job's video from its portrait, its speech and its prompt\n"
      "with the model of a checkpoint folder, on the first CUDA device it sees, else on the CPU.\n",
      "  bench       measures the model on this machine; 'longtake-engine bench --help' says more\n",
      ""};
  return longtake::run_engine_program(program, argument_count, arguments, live_avatar_maker);
}
