#pragma once

#include <memory>
#include <optional>
#include <string>

#include "rank/engine/liveavatar/loaded_model.h"
#include "rank/engine/pipeline/denoiser.h"
#include "rank/engine/pipeline/reference_latents.h"
#include "rank/engine_side/segment_service.h"

namespace longtake {

/// Changes whenever a film's pixels may change.
inline constexpr const char* kLiveAvatarVersion = "1";

/// Makes segments with the whole model on one device. The latest model stays loaded, the latest job's
/// prompt and portrait stay encoded. Belongs to one thread.
class LiveAvatar {
 public:
  explicit LiveAvatar(WeightOptions options) : options_(options) {}

  /// A SegmentMaker. Throws Error: InvalidInput for inputs, a checkpoint or a carry that do not fit the
  /// order, OutOfMemory and DeviceLost for the device, DiskFull or Io for the disk.
  std::optional<PartMade> make(const SegmentOrder& order, const AfterFrame& after_frame);

 private:
  /// What all segments of a job share.
  struct Job {
    std::string identity;
    Prompt prompt;
    ReferenceLatents reference;
  };

  LoadedModel& model_of(const SegmentOrder& order);
  const Job& job_of(const SegmentOrder& order, LoadedModel& model);

  WeightOptions options_;
  std::string model_name_;
  std::unique_ptr<LoadedModel> model_;
  std::optional<Job> job_;
};

/// The first CUDA device in bfloat16 when this LibTorch sees one, else the CPU in float32.
WeightOptions device_here();

}  // namespace longtake
