// The Live Avatar engine on a GPU that fails in the middle of one attempt, for whole runs on a real GPU: it
// takes the place of longtake-engine beside a copy of longtake (docs/HACKING.md).
// LONGTAKE_GPU_FAULT=DEED:ATTEMPT, the number of the attempt as in the table of attempts. DEED is
// illegal_access, a kernel that is asked for what is not there (LibTorch's kernels find that out on the
// device and say "device-side assert"; the context is as lost as by the access), or out_of_memory: all that
// the engine may take is taken.
#include <ATen/ATen.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "jobs/engine_device.h"
#include "rank/engine/liveavatar/live_avatar.h"
#include "rank/engine_side/engine_program.h"

namespace longtake {
namespace {

constexpr std::int64_t kFramesBefore = 24;

at::TensorOptions on_gpu(at::ScalarType type) { return at::TensorOptions(type).device(at::kCUDA, 0); }

/// Nobody waits for it: the engine meets it in a call of its own.
void read_what_is_not_there() {
  at::index_select(at::zeros({4}, on_gpu(at::kFloat)), 0, at::full({1}, 1 << 30, on_gpu(at::kLong)));
}

std::vector<at::Tensor> everything_left() {
  std::vector<at::Tensor> taken;
  for (std::int64_t bytes = std::int64_t{1} << 38; bytes >= 512; bytes /= 2) {
    try {
      while (true) taken.push_back(at::empty({bytes}, on_gpu(at::kByte)));
    } catch (const c10::Error&) {
      continue;  // half of it may still be had
    }
  }
  return taken;
}

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

class FaultyAvatar {
 public:
  FaultyAvatar(const EngineDevice& device, std::string fault) : avatar_(device), fault_(std::move(fault)) {}

  std::optional<PartMade> make(const SegmentOrder& order, const AfterFrame& after_frame) {
    std::vector<at::Tensor> taken;  // given back with the attempt
    bool has_failed = false;
    const std::string attempt = ":" + std::to_string(order.attempt.value);
    return avatar_.make(order, [&](std::int64_t frames_made) {
      if (frames_made >= kFramesBefore && !has_failed) {
        has_failed = true;
        if (fault_ == "illegal_access" + attempt) read_what_is_not_there();
        if (fault_ == "out_of_memory" + attempt) taken = everything_left();
      }
      return after_frame(frames_made);
    });
  }

  bool can_go_on() const { return avatar_.can_go_on(); }

 private:
  LiveAvatar avatar_;
  std::string fault_;
};

}  // namespace
}  // namespace longtake

int main(int argument_count, char** arguments) {
  using namespace longtake;
  std::unique_ptr<FaultyAvatar> avatar;
  const EngineProgram program = {
      "faulty_gpu_engine", "liveavatar", kLiveAvatarVersion, "Live Avatar, with faults.\n", "", "", [&] {
        return avatar->can_go_on();
      }};
  return run_engine_program(program, argument_count, arguments, [&]() -> SegmentMaker {
    avatar = std::make_unique<FaultyAvatar>(
        engine_device_from(std::getenv(kEngineDeviceVariable), std::getenv(kEngineMemoryVariable)),
        variable("LONGTAKE_GPU_FAULT"));
    return [&](const SegmentOrder& order, const AfterFrame& after_frame) {
      return avatar->make(order, after_frame);
    };
  });
}
