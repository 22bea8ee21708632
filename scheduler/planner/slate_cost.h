#pragma once

#include "jobs/clip_math.h"
#include "jobs/layout.h"
#include "scheduler/planner/profile.h"

/// What the slate engine needs. It has no model: one process on one CPU slot, one stage.
namespace longtake {

/// The one stage of every slate group.
Layout slate_layout();

/// Host memory at the peak of a segment. Depends on the frame only, not on the film's length.
StageMemory slate_memory(FrameSize size, int infer_frames);

/// Frames that one slot renders and encodes in a second.
double slate_frames_per_second(const Profile& profile, FrameSize size);

}  // namespace longtake
