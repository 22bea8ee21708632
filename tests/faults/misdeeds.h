#pragma once

#include <optional>

#include "rank/engine_side/segment_service.h"
#include "tests/faults/fault_diary.h"
#include "tests/faults/fault_rules.h"

namespace longtake {

/// What an engine of our own may do wrong. `line`: the descriptor of its line to the rank, which
/// SegmentService also writes; all on one thread.
class Misdeeds {
 public:
  /// `right` makes a segment as it should be.
  Misdeeds(std::vector<FaultRule> rules, FaultDiary diary, SegmentMaker right, std::int64_t rank, int line);

  /// The deed of this start, if there is one. Returns the protocol to say that we speak.
  int start();

  /// A SegmentMaker: the segment as it should be, or what a rule says.
  std::optional<PartMade> make(const SegmentOrder& order, const AfterFrame& after_frame);

 private:
  std::optional<PartMade> make_wrongly(const FaultRule& rule, const SegmentOrder& order,
                                       const AfterFrame& after_frame);
  void commit(const FaultRule& rule, const SegmentOrder& order);
  std::optional<PartMade> make_short(const SegmentOrder& order, const AfterFrame& after_frame);
  void say(const EngineReport& report) const;

  std::vector<FaultRule> rules_;
  FaultDiary diary_;
  SegmentMaker right_;
  std::int64_t rank_;
  std::int64_t start_ = 1;
  int line_;
};

}  // namespace longtake
