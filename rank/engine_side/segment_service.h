#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>

#include "jobs/segment.h"
#include "rank/engine_side/order_line.h"

namespace longtake {

/// Called often, with how much of the segment is done, in frames (FramesMade); false gives it up.
using AfterFrame = std::function<bool(std::int64_t frames_made)>;

/// An order's outcome.
struct PartMade {
  std::optional<SegmentFacts> facts;  ///< of the segment; nullopt from a stage that does not write it
  EngineWork work;
};

/// Does this engine's share of one segment; the one that writes leaves segment and carry durable under
/// their final names when this returns. nullopt when it was given up.
using SegmentMaker = std::function<std::optional<PartMade>(const SegmentOrder&, const AfterFrame&)>;

/// An engine's life: one segment after the other until it is told to quit or its rank is gone. A segment
/// that fails is reported and is no reason to end. Belongs to one thread.
class SegmentService {
 public:
  SegmentService(OrderLine line, EngineStarted introduction, SegmentMaker maker)
      : line_(std::move(line)), introduction_(std::move(introduction)), maker_(std::move(maker)) {}

  void serve();

 private:
  void on(const MakeSegment& order);
  void on(const CancelSegment&) {}  // of a segment that is over
  void on(const QuitEngine&) { must_quit_ = true; }

  EngineReport make(const SegmentOrder& order);
  bool goes_on(const SegmentOrder& order, std::int64_t frames_made);
  void hear_while_making(AttemptId attempt);

  OrderLine line_;
  EngineStarted introduction_;
  SegmentMaker maker_;
  std::int64_t reported_frames_ = 0;
  std::chrono::steady_clock::time_point reported_at_;
  bool must_quit_ = false;
  bool is_cancelled_ = false;
};

}  // namespace longtake
