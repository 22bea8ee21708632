#pragma once

#include <filesystem>

#include "rank/slate/order_line.h"

namespace longtake {

/// Changes whenever a slate's pixels may change.
inline constexpr const char* kSlateVersion = "1";

/// The slate engine's life: one segment after the other until it is told to quit or its rank is gone.
/// A segment that fails is reported and is no reason to end.
class SlateEngine {
 public:
  SlateEngine(OrderLine line, std::filesystem::path font) : line_(std::move(line)), font_(std::move(font)) {}

  void serve();

 private:
  void on(const MakeSegment& order);
  void on(const CancelSegment&) {}  // of a segment that is over
  void on(const QuitEngine&) { must_quit_ = true; }

  EngineReport make(const SegmentOrder& order);
  bool goes_on(const SegmentOrder& order, std::int64_t frames_made);
  void hear_while_making(AttemptId attempt);

  OrderLine line_;
  std::filesystem::path font_;
  bool must_quit_ = false;
  bool is_cancelled_ = false;
};

}  // namespace longtake
