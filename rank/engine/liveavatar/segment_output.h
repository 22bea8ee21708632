#pragma once

#include "jobs/segment.h"
#include "rank/engine/pipeline/carry.h"
#include "rank/engine/pipeline/vae_frames.h"
#include "storage/media/segment_writer.h"

namespace longtake {

/// The end of the line: latents become the order's segment file. Belongs to one thread. Without commit()
/// nothing stays.
class SegmentOutput {
 public:
  /// Both must outlive it. Throws Error{Io} or Error{DiskFull}.
  SegmentOutput(const SegmentOrder& order, const VaeDecoder& decoder);
  SegmentOutput(const SegmentOutput&) = delete;
  SegmentOutput& operator=(const SegmentOutput&) = delete;

  LatentSink& latents() { return frames_; }

  /// Segment and carry are durable under their final names when this returns.
  SegmentFacts commit(const Carry& carry);

 private:
  const SegmentOrder& order_;
  SegmentWriter writer_;
  VaeFrames frames_;
};

}  // namespace longtake
