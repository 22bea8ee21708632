#pragma once

#include <cstdint>
#include <optional>

#include "jobs/clip_math.h"
#include "jobs/job_settings.h"
#include "jobs/layout.h"
#include "jobs/model/memory_model.h"
#include "jobs/model/model_shape.h"
#include "scheduler/planner/profile.h"

/// What the Live Avatar engine needs for one job: memory through memory_model.h, and time.
namespace longtake {

/// A job as memory and time depend on it.
struct AvatarDemand {
  ModelShape shape;
  MemoryDemand memory;
  std::int64_t steps = 4;  ///< forward passes per block
  /// A layout that was predicted to need so much turned out to need more than there is; nullopt: none did.
  std::optional<std::int64_t> ran_out_at_bytes;
  bool online_decode = false;  ///< frames are wanted while later steps still run: split the steps if possible
};

AvatarDemand demand_of(const JobSettings& settings, FrameSize size, const ModelShape& shape,
                       DeviceKind device);

/// Multiplications and additions of one forward pass over one block.
double block_operations(const ModelShape& shape, FrameSize size, int infer_frames);

/// Frames that one group makes in a second. Chains of layers and of steps are pipelines without bubbles.
double avatar_frames_per_second(const Profile& profile, const AvatarDemand& demand, const Layout& layout);

}  // namespace longtake
