#pragma once

#include "tests/engine/pipeline/small_film.h"

namespace longtake {

/// Makes the film of SmallFilm in a group: a thread for each engine, over a real host transport.
struct SmallGroup {
  Layout layout;
  double guide_scale = 0;
  std::int64_t steps = 3;
};

/// What a group made of a segment.
struct GroupPart {
  SmallSegment segment;                         ///< all of it
  std::optional<UnfinishedSegment> unfinished;  ///< in its place, when it was stopped
};

/// The writer is stopped when it has made so many passes more than the task knows of; the others are given
/// up then.
GroupPart make_group_part(const SmallGroup& group, const SegmentTask& task, std::int64_t most_passes);

SmallSegment make_group_segment(const SmallGroup& group, const Chain& chain,
                                const std::optional<Carry>& carry);

/// As make_range(), every segment by the next of `groups`, round and round.
std::vector<at::Tensor> make_group_range(const std::vector<SmallGroup>& groups, Interval range,
                                         const std::vector<std::int64_t>& lengths,
                                         std::int64_t renewal_clips);

}  // namespace longtake
