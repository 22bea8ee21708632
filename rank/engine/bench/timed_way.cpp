#include "rank/engine/bench/timed_way.h"

#include <algorithm>
#include <iomanip>
#include <ostream>

#include "rank/engine/gpu/device_timer.h"

namespace longtake {
namespace {

const char* unit_of(RateOf what) {
  switch (what) {
    case RateOf::Operations:
      return "TFLOP/s";
    case RateOf::Bytes:
      return "GB/s";
  }
  return "";
}

}  // namespace

double ms_of_call(c10::Device device, const std::function<void(std::int64_t)>& work) {
  constexpr std::int64_t kRows = 5, kCalls = 8;
  work(0);  // chooses kernels
  DeviceTimer timer(device);
  timer.mark();
  for (std::int64_t row = 0; row < kRows; ++row) {
    for (std::int64_t call = 0; call < kCalls; ++call) work(call);
    timer.mark();
  }
  std::vector<double> pieces = timer.pieces_ms();
  std::nth_element(pieces.begin(), pieces.begin() + kRows / 2, pieces.end());
  return pieces[kRows / 2] / kCalls;
}

nlohmann::json json_of(const std::vector<TimedWork>& works) {
  nlohmann::json all = nlohmann::json::array();
  for (const TimedWork& work : works) {
    nlohmann::json ways = nlohmann::json::array();
    for (const TimedWay& way : work.ways) {
      ways.push_back({{"way", way.way}, {"ms", way.ms}, {"rate", way.rate}});
    }
    all.push_back(
        {{"work", work.work}, {"calls", work.calls}, {"unit", unit_of(work.rate_of)}, {"ways", ways}});
  }
  return all;
}

void write(std::ostream& out, const std::vector<TimedWork>& works) {
  for (const TimedWork& work : works) {
    out << "\n" << work.work << ", " << work.calls << " calls of a step\n";
    for (const TimedWay& way : work.ways) {
      out << std::fixed << std::setprecision(4) << std::setw(10) << way.ms << " ms" << std::setprecision(2)
          << std::setw(9) << way.rate << " " << unit_of(work.rate_of) << "   " << way.way << "\n";
    }
  }
}

}  // namespace longtake
