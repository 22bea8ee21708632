#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <string>
#include <thread>

#include "jobs/engine_protocol.h"
#include "rank/engine/bench/bench_command.h"
#include "rank/engine/compute_threads.h"
#include "rank/engine/liveavatar/live_avatar.h"
#include "rank/engine_side/segment_service.h"

namespace {

constexpr const char* kHelp =
    "longtake-engine: Live Avatar. It generates a job's video from its portrait, its speech and its prompt\n"
    "with the model of a checkpoint folder, on the first CUDA device it sees, else on the CPU.\n\n"
    "It is started by a rank of 'longtake run JOB --engine liveavatar', which speaks to it over the socket\n"
    "whose descriptor number is in LONGTAKE_ENGINE_FD (JSON lines, see docs/formats.md).\n\n"
    "  bench       measures the model on this machine; 'longtake-engine bench --help' says more\n"
    "  --help      this text\n"
    "  --version   program version, engine protocol and version of the pixels\n";

int exit_code_of_no_rank(int argument_count, char** arguments) {
  const std::string word = argument_count > 1 ? arguments[1] : "";
  if (word == "bench") return longtake::bench_command(argument_count - 2, arguments + 2);
  if (word == "--version") {
    std::cout << "longtake-engine " LONGTAKE_VERSION ", engine protocol " << longtake::kEngineProtocol
              << ", pixels " << longtake::kLiveAvatarVersion << "\n";
    return 0;
  }
  const bool was_asked = word == "--help" || word == "-h";
  (was_asked ? std::cout : std::cerr) << kHelp;
  return was_asked ? 0 : 2;
}

}  // namespace

int main(int argument_count, char** arguments) {
  const char* descriptor = std::getenv(longtake::kEngineDescriptorVariable);
  if (argument_count > 1 || descriptor == nullptr) return exit_code_of_no_rank(argument_count, arguments);
  try {
    // Of the processors that the rank left us.
    longtake::use_compute_threads(static_cast<int>(std::max(1U, std::thread::hardware_concurrency())));
    longtake::LiveAvatar live_avatar(longtake::device_here());
    const auto make = [&](const longtake::SegmentOrder& order, const longtake::AfterFrame& after_frame) {
      return live_avatar.make(order, after_frame);
    };
    longtake::SegmentService(longtake::OrderLine(std::atoi(descriptor)),
                             {longtake::kEngineProtocol, "liveavatar", longtake::kLiveAvatarVersion}, make)
        .serve();
    return 0;
  } catch (const std::exception& e) {
    std::cerr << "longtake-engine: " << e.what() << "\n";
    return 1;
  }
}
