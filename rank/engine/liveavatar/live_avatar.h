#pragma once

#include <memory>
#include <optional>
#include <string>

#include "rank/engine/liveavatar/attempt.h"
#include "rank/engine/liveavatar/compute_device.h"
#include "rank/engine/liveavatar/loaded_model.h"
#include "rank/engine/liveavatar/memory_account.h"
#include "rank/engine/liveavatar/order_watch.h"
#include "rank/engine/pipeline/encoded_inputs.h"
#include "rank/engine_side/segment_service.h"

namespace longtake {

/// Changes whenever a film's pixels may change.
inline constexpr const char* kLiveAvatarVersion = "1";

/// Does its stage's share of segments, alone or in a group. The stage's part of the latest model stays
/// loaded, the latest job's prompt and portrait stay encoded. So that an engine's peak is what generating
/// takes, encoders never meet the key/value caches, and the text encoder, the largest of them, never meets
/// the transformer: a job with another prompt costs loading the transformer again. Belongs to one thread.
class LiveAvatar {
 public:
  /// Throws as ComputeDevice does.
  explicit LiveAvatar(const EngineDevice& device)
      : device_(device), account_(memory_meter(device_.options().device)) {}
  LiveAvatar(const LiveAvatar&) = delete;
  LiveAvatar& operator=(const LiveAvatar&) = delete;

  /// A SegmentMaker. One that makes all latents step by step, alone or as the last of its group, leaves its
  /// work in `order.unfinished` when it runs out of time; its group is then to be given up. Whoever works
  /// step by step goes on from what is there. Throws Error: InvalidInput for inputs, a checkpoint, a layout
  /// or a carry that do not fit the order, OutOfMemory and DeviceLost for the device or another engine of the
  /// group, DiskFull or Io for the disk.
  std::optional<PartMade> make(const SegmentOrder& order, const AfterFrame& after_frame);

  /// False when only a new process can compute again.
  bool can_go_on() const;

 private:
  /// What all segments of a job share.
  struct Job {
    std::string identity;
    EncodedInputs inputs;  ///< without speech
  };

  LoadedModel& model_of(const SegmentOrder& order);
  const Job& job_of(Attempt& attempt, LoadedModel& model);
  EncodedInputs encode(Attempt& attempt, LoadedModel& model);
  EncodedInputs gather_inputs(Attempt& attempt, LoadedModel& model);
  std::optional<PartMade> make_share(Attempt& attempt, LoadedModel& model);
  std::optional<PartMade> make_within(const SegmentOrder& order);
  EngineWork work_of(const Attempt& attempt) const;

  ComputeDevice device_;
  MemoryAccount account_;
  OrderWatch watch_;
  std::string model_name_;
  std::unique_ptr<LoadedModel> model_;
  std::optional<Job> job_;
};

}  // namespace longtake
