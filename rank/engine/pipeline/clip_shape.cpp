#include "rank/engine/pipeline/clip_shape.h"

#include <string>

#include "jobs/error.h"

namespace longtake {

ClipShape clip_shape(int infer_frames, FrameSize size, std::int64_t channels, std::int64_t spatial_stride) {
  if (infer_frames < kBlockFrames || infer_frames % kBlockFrames != 0) {
    throw Error(ErrorKind::InvalidInput, "infer_frames must be a multiple of " +
                                             std::to_string(kBlockFrames) + " for this model, got " +
                                             std::to_string(infer_frames));
  }
  return {infer_frames / kBlockFrames, channels, size.height / spatial_stride, size.width / spatial_stride};
}

}  // namespace longtake
