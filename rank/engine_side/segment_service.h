#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>

#include "jobs/segment.h"
#include "rank/engine_side/order_line.h"

namespace longtake {

/// Whether an attempt goes on, and for how long.
struct GoOn {
  GoOn(bool goes_on, std::optional<std::chrono::milliseconds> left = std::nullopt)  // NOLINT: a yes or no
      : is_wanted(goes_on), time_left(left) {}
  explicit operator bool() const { return is_wanted; }

  bool is_wanted;  ///< false: give it up
  /// Until it should have ended, with what can be kept of it (FinishSegment); nullopt: no hurry.
  std::optional<std::chrono::milliseconds> time_left;
};

/// Called often, with how much of the segment is done, in frames (FramesMade).
using AfterFrame = std::function<GoOn(std::int64_t frames_made)>;

/// An order's outcome.
struct PartMade {
  std::optional<SegmentFacts> facts;  ///< of the segment; nullopt from a stage that does not write it
  EngineWork work;
  Interval cut_to{};  ///< as in SegmentMade
};

/// Does this engine's share of one segment; the one that writes leaves segment and carry durable under
/// their final names when this returns. nullopt when it was given up, also to end it early.
using SegmentMaker = std::function<std::optional<PartMade>(const SegmentOrder&, const AfterFrame&)>;

/// An engine's life: one segment after the other until it is told to quit or its rank is gone. A segment
/// that fails is reported, and is a reason to end only when `can_go_on` says no afterwards: then a new
/// process has to take this one's place. Belongs to one thread.
class SegmentService {
 public:
  SegmentService(OrderLine line, EngineStarted introduction, SegmentMaker maker,
                 std::function<bool()> can_go_on = {})
      : line_(std::move(line)),
        introduction_(std::move(introduction)),
        maker_(std::move(maker)),
        can_go_on_(std::move(can_go_on)) {}

  /// Throws Error{DeviceLost} when it cannot go on; the rank has its report by then.
  void serve();

 private:
  void on(const MakeSegment& order);
  void on(const CancelSegment&) {}  // of a segment that is over
  void on(const FinishSegment&) {}
  void on(const QuitEngine&) { must_quit_ = true; }

  EngineReport make(const SegmentOrder& order);
  GoOn goes_on(const SegmentOrder& order, std::int64_t frames_made);
  void hear_while_making(AttemptId attempt);
  void end_within(std::chrono::milliseconds time);

  OrderLine line_;
  EngineStarted introduction_;
  SegmentMaker maker_;
  std::function<bool()> can_go_on_;
  std::int64_t reported_frames_ = 0;
  std::chrono::steady_clock::time_point reported_at_;
  bool must_quit_ = false;
  bool is_cancelled_ = false;
  std::optional<std::chrono::steady_clock::time_point> ends_by_;
};

}  // namespace longtake
