#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <functional>
#include <map>
#include <vector>

#include "jobs/segment.h"
#include "rank/engine/audio/wav2vec2.h"

// Z layers of the speech encoder, E its width, V video frames
namespace longtake {

/// Features [Z, E, V] of these clips (rising) of the order's speech, on the CPU: afterwards the speech
/// encoder is not needed any more. `before_clip` may throw to end it. Throws Error{Io} when the speech file
/// cannot be read.
std::map<std::int64_t, at::Tensor> speech_of_clips(const Wav2Vec2& encoder, const SegmentOrder& order,
                                                   const std::vector<std::int64_t>& clips,
                                                   const std::function<void()>& before_clip);

}  // namespace longtake
