#include "storage/media/segment_packets.h"

#include <cstring>
#include <new>

#include "storage/media/track_input.h"

extern "C" {
#include <libavcodec/avcodec.h>
}

namespace longtake {

namespace {

constexpr std::size_t kBatchPackets = 50;
constexpr std::size_t kMostBatches = 8;

}  // namespace

/// A segment being read, checked against its facts packet by packet. Throws Error{Io} for every fault.
class CheckedSegment {
 public:
  explicit CheckedSegment(const FilmSegment& segment)
      : facts_(segment.facts), input_(segment.file, TrackInput::Kind::Video) {}

  const AVCodecParameters& parameters() const { return input_.parameters(); }

  /// nullptr when the segment ended as its facts say.
  AVPacket* next_packet() {
    AVPacket* packet = input_.next_packet();
    if (packet == nullptr) {
      require_complete();
      return nullptr;
    }
    if (frames_ == facts_.frames)
      throw_fault("it has more than " + std::to_string(facts_.frames) + " frames");
    if (frames_ == 0 && (packet->flags & AV_PKT_FLAG_KEY) == 0)
      throw_fault("its first frame is no key frame");
    crc_ = crc32_of(crc_, packet->data, static_cast<std::size_t>(packet->size));
    ++frames_;
    return packet;
  }

  /// Packets of segments with different parameters cannot share a track.
  void require_same_parameters(const AVCodecParameters& first) const {
    const AVCodecParameters& own = parameters();
    if (own.codec_id == first.codec_id && own.width == first.width && own.height == first.height &&
        own.extradata_size == first.extradata_size &&
        std::memcmp(own.extradata, first.extradata, static_cast<std::size_t>(first.extradata_size)) == 0) {
      return;
    }
    throw_fault("its codec parameters differ from those of the first segment");
  }

  void require_size(FrameSize size) const {
    const AVCodecParameters& own = parameters();
    if (own.codec_id == AV_CODEC_ID_H264 && own.width == size.width && own.height == size.height) return;
    throw_fault("its picture is " + std::to_string(own.width) + " x " + std::to_string(own.height) +
                ", the film's " + std::to_string(size.width) + " x " + std::to_string(size.height));
  }

 private:
  [[noreturn]] static void throw_fault(const std::string& why) { throw Error(ErrorKind::Io, why); }

  void require_complete() const {
    if (frames_ != facts_.frames) {
      throw_fault("it has " + std::to_string(frames_) + " frames of " + std::to_string(facts_.frames));
    }
    if (crc_ != facts_.packets_crc) throw_fault("its packets are not those that were written (CRC differs)");
  }

  SegmentFacts facts_;
  TrackInput input_;
  std::int64_t frames_ = 0;
  std::uint32_t crc_ = 0;
};

SegmentPackets::SegmentPackets(const JoinOrder& order) : order_(order), reader_([this] { read_all(); }) {}

SegmentPackets::~SegmentPackets() {
  {
    const std::lock_guard lock(mutex_);
    must_stop_ = true;
  }
  changed_.notify_all();
  reader_.join();
}

std::optional<PacketBatch> SegmentPackets::next() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return !batches_.empty() || is_at_end_; });
  if (batches_.empty()) return std::nullopt;
  PacketBatch batch = std::move(batches_.front());
  batches_.pop_front();
  changed_.notify_all();
  if (batch.failure) std::rethrow_exception(batch.failure);
  return batch;
}

const AVCodecParameters& SegmentPackets::parameters() const { return first_->parameters(); }

void SegmentPackets::read_all() {
  for (std::size_t i = 0; i < order_.segments.size() && read_segment(i); ++i) {
  }
  const std::lock_guard lock(mutex_);
  is_at_end_ = true;
  changed_.notify_all();
}

/// False when nothing is to follow. An Error is the segment's fault: nothing but it is read.
bool SegmentPackets::read_segment(std::size_t index) {
  PacketBatch batch;
  batch.segment = index;
  try {
    std::unique_ptr<CheckedSegment> segment = open(order_.segments[index]);
    CheckedSegment& opened = *segment;
    if (first_ == nullptr) first_ = std::move(segment);
    while (AVPacket* packet = opened.next_packet()) {
      batch.packets.push_back(new_packet());
      av_packet_move_ref(batch.packets.back().get(), packet);
      if (batch.packets.size() < kBatchPackets) continue;
      if (!hand_over(std::move(batch))) return false;
      batch = {};
      batch.segment = index;
    }
    batch.is_last = true;
    return hand_over(std::move(batch));
  } catch (const Error& error) {
    batch.fault = error.what();
  } catch (...) {
    batch.failure = std::current_exception();
  }
  hand_over(std::move(batch));
  return false;
}

std::unique_ptr<CheckedSegment> SegmentPackets::open(const FilmSegment& segment) const {
  auto opened = std::make_unique<CheckedSegment>(segment);
  opened->require_size(order_.size);
  if (first_ != nullptr) opened->require_same_parameters(first_->parameters());
  return opened;
}

/// False when nobody wants it any more.
bool SegmentPackets::hand_over(PacketBatch batch) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return batches_.size() < kMostBatches || must_stop_; });
  if (must_stop_) return false;
  batches_.push_back(std::move(batch));
  changed_.notify_all();
  return true;
}

}  // namespace longtake
