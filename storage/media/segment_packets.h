#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "storage/media/av_handles.h"
#include "storage/media/film_join.h"

namespace longtake {

/// Some packets of a segment, in order.
struct PacketBatch {
  std::size_t segment = 0;            ///< in JoinOrder::segments
  std::vector<PacketHandle> packets;  ///< each valid on its own
  bool is_last = false;               ///< of the segment
  std::optional<std::string> fault;   ///< why the segment does not hold what its facts say; nothing follows
  std::exception_ptr failure;         ///< what else stopped the reading; nothing follows
};

class CheckedSegment;

/// Reads the segments of a film ahead of the one who writes it, on a thread of its own, and checks them
/// against their facts: frame count, CRC of all packets, key frame first, the same codec parameters. A few
/// MB ahead at most. Internal to storage/media.
class SegmentPackets {
 public:
  /// `order` must outlive it.
  explicit SegmentPackets(const JoinOrder& order);
  ~SegmentPackets();
  SegmentPackets(const SegmentPackets&) = delete;
  SegmentPackets& operator=(const SegmentPackets&) = delete;

  /// Waits for the next batch; nullopt behind the last segment. Throws what is no fault of a segment, such
  /// as std::bad_alloc.
  std::optional<PacketBatch> next();

  /// Of all segments; valid once next() has given packets, until this object ends.
  const AVCodecParameters& parameters() const;

 private:
  void read_all();
  bool read_segment(std::size_t index);
  std::unique_ptr<CheckedSegment> open(const FilmSegment& segment) const;
  bool hand_over(PacketBatch batch);

  const JoinOrder& order_;
  std::unique_ptr<CheckedSegment> first_;  ///< stays open: its parameters are the film's
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<PacketBatch> batches_;
  bool is_at_end_ = false;
  bool must_stop_ = false;
  std::thread reader_;  ///< last: it uses all of the above
};

}  // namespace longtake
