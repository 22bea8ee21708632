#include "rank/engine/devices/nccl_trial.h"

#include <algorithm>
#include <chrono>
#include <functional>

namespace longtake {
namespace {

constexpr std::size_t kFloats = (32 << 20) / sizeof(float);

/// What one device brings along. It holds `own()` in every float of `source`.
struct Participant {
  int device = 0;
  NcclPlace* place = nullptr;
  CudaStream* stream = nullptr;
  CudaAddress source = 0;
  CudaAddress target = 0;

  float own() const { return static_cast<float>(device + 1); }
};

/// Sets every device up, and takes what it can back; streams and contexts go with the process.
class Ring {
 public:
  Ring(const CudaDriver& cuda, const NcclLibrary& nccl) : cuda_(cuda), nccl_(nccl) {
    const std::vector<NcclPlace*> places = nccl.connect(cuda.count());
    for (int device = 0; device < cuda.count(); ++device) {
      Participant participant;
      participant.device = device;
      participant.place = places[static_cast<std::size_t>(device)];
      cuda_.use(device);
      participant.stream = cuda_.make_stream();
      participant.source = cuda_.allocate(kFloats * sizeof(float));
      participant.target = cuda_.allocate(kFloats * sizeof(float));
      cuda_.write(participant.source, std::vector<float>(kFloats, participant.own()));
      participants_.push_back(participant);
    }
  }

  using Step = std::function<void(const Participant&)>;
  using Expected = std::function<float(const Participant&)>;

  /// Milliseconds until `step` of all participants, started together, is done.
  double run(const Step& step) const {
    const auto start = std::chrono::steady_clock::now();
    nccl_.begin_group();
    for (const Participant& each : participants_) step(each);
    nccl_.end_group();
    for (const Participant& each : participants_) {
      cuda_.use(each.device);
      cuda_.wait_for(each.stream);
    }
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
  }

  /// Throws when a target holds anything else, and forgets what is there.
  void check_targets(const std::string& what, const Expected& expected) const {
    for (const Participant& each : participants_) {
      cuda_.use(each.device);
      const std::vector<float> values = cuda_.read(each.target, kFloats);
      const float wanted = expected(each);
      const auto wrong =
          std::find_if(values.begin(), values.end(), [&](float value) { return value != wanted; });
      if (wrong != values.end()) {
        throw Error(ErrorKind::DeviceLost, what + " brought " + std::to_string(*wrong) + " to device " +
                                               std::to_string(each.device) + " where " +
                                               std::to_string(wanted) + " is right");
      }
      cuda_.write(each.target, std::vector<float>(kFloats, 0));
    }
  }

  int size() const { return static_cast<int>(participants_.size()); }

  void take_down() const {
    for (const Participant& each : participants_) {
      nccl_.disconnect(each.place);
      cuda_.use(each.device);
      cuda_.free(each.source);
      cuda_.free(each.target);
    }
  }

 private:
  const CudaDriver& cuda_;
  const NcclLibrary& nccl_;
  std::vector<Participant> participants_;
};

}  // namespace

NcclTimes try_nccl(const CudaDriver& cuda, const NcclLibrary& nccl) {
  const Ring ring(cuda, nccl);
  const int size = ring.size();
  NcclTimes times;
  for (int round = 0; round < 2; ++round) {
    times.all_reduce_ms = ring.run([&](const Participant& each) {
      nccl.all_reduce(each.place, each.source, each.target, kFloats, each.stream);
    });
    // 1 + 2 + ... + size, exact in a float.
    ring.check_targets("all-reduce",
                       [&](const Participant&) { return static_cast<float>(size * (size + 1) / 2); });
    times.send_receive_ms = ring.run([&](const Participant& each) {
      nccl.send(each.place, (each.device + 1) % size, each.source, kFloats, each.stream);
      nccl.receive(each.place, (each.device + size - 1) % size, each.target, kFloats, each.stream);
    });
    ring.check_targets("send and receive", [&](const Participant& each) {
      return static_cast<float>((each.device + size - 1) % size + 1);
    });
  }
  ring.take_down();
  return times;
}

}  // namespace longtake
