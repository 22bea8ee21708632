#include "storage/media/film_copy.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <new>

#include "storage/media/file_io.h"
#include "storage/media/sound_track.h"
#include "storage/media/track_input.h"

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
}

namespace longtake {
namespace {

constexpr AVRational kFrameTime = {1, kFramesPerSecond};

/// Room for the film's index in front of the media data, so that it need not be moved there afterwards:
/// 4 bytes of size per packet, 4 per key frame, 20 per chunk (two chunks a second), and the fixed boxes.
std::int64_t index_bytes(std::int64_t frames, std::int64_t packets_of_sound) {
  constexpr std::int64_t kFixed = 1 << 14;
  constexpr std::int64_t kPerSecond = 256;
  return kFixed + 4 * (frames + packets_of_sound) + kPerSecond * (frames / kFramesPerSecond + 1);
}

AVStream* add_track(AVFormatContext& film, const AVCodecParameters& parameters, AVRational time_base) {
  AVStream* track = avformat_new_stream(&film, nullptr);
  if (track == nullptr) throw std::bad_alloc();
  check(avcodec_parameters_copy(track->codecpar, &parameters), "cannot describe a track of the film");
  track->codecpar->codec_tag = 0;  // the MP4 writer chooses its own
  track->time_base = time_base;
  return track;
}

/// The film being written: video packets by frame index, each second preceded by its sound.
class FilmWriter {
 public:
  FilmWriter(const JoinOrder& order, const std::filesystem::path& file, const AVCodecParameters& video)
      : doing_("cannot write " + file.string()),
        film_frames_(order.film_frames),
        sound_(order.sound, TrackInput::Kind::Sound),
        io_(file, FileIo::Mode::Create) {
    AVFormatContext* made = nullptr;
    check(avformat_alloc_output_context2(&made, nullptr, "mp4", nullptr), doing_);
    film_.reset(made);
    film_->pb = io_.context();
    film_->flags |= AVFMT_FLAG_BITEXACT;
    const AVCodecParameters& sound = sound_.parameters();
    sound_rate_ = sound.sample_rate;
    sound_packets_ = sound_packets(film_frames_, sound_rate_);
    AVStream* picture = add_track(*film_, video, kFrameTime);
    picture->avg_frame_rate = {kFramesPerSecond, 1};
    add_track(*film_, sound, {1, sound_rate_});
    check(av_dict_set(&film_->metadata, "title", order.title.c_str(), 0), doing_);
    write_header();
  }

  void add_frame(std::int64_t index, AVPacket& packet) {
    if (index % kFramesPerSecond == 0) copy_sound_until(index + kFramesPerSecond);
    packet.pts = packet.dts = index;
    packet.duration = 1;
    packet.pos = -1;
    write(packet, 0, kFrameTime);
  }

  void finish() {
    copy_sound_until(film_frames_ + kFramesPerSecond);
    if (sound_.next_packet() != nullptr || sound_written_ != sound_packets_) {
      throw Error(ErrorKind::Io, doing_ + ": its sound should have " + std::to_string(sound_packets_) +
                                     " packets, encode it again");
    }
    check(av_write_trailer(film_.get()), doing_);
    io_.flush();
  }

 private:
  void write_header() {
    AVDictionary* options = nullptr;
    const std::int64_t room = index_bytes(film_frames_, sound_packets_);
    check(av_dict_set_int(&options, "moov_size", room, 0), doing_);
    const int code = avformat_write_header(film_.get(), &options);
    av_dict_free(&options);
    check(code, doing_);
  }

  /// Sound in blocks of a second keeps the film's chunks, and so its index, few and large.
  void copy_sound_until(std::int64_t frame) {
    const std::int64_t end = frame * sound_rate_ / kFramesPerSecond;
    const std::int64_t film_end = film_frames_ * sound_rate_ / kFramesPerSecond;
    while (sound_written_ < sound_packets_) {
      const std::int64_t begin = sound_written_ * kAacPacketSamples - kAacPrimingSamples;
      if (begin >= end) return;
      AVPacket* packet = sound_.next_packet();
      if (packet == nullptr) return;  // finish() says what is wrong
      packet->pts = packet->dts = begin;
      // The last packet is padded with silence; the track ends with the picture.
      packet->duration = std::min(kAacPacketSamples, film_end - begin);
      packet->pos = -1;
      av_packet_free_side_data(packet);
      write(*packet, 1, {1, sound_rate_});
      ++sound_written_;
    }
  }

  void write(AVPacket& packet, int track, AVRational time_base) {
    packet.stream_index = track;
    av_packet_rescale_ts(&packet, time_base, film_->streams[track]->time_base);
    check(av_write_frame(film_.get(), &packet), doing_);
  }

  std::string doing_;
  std::int64_t film_frames_;
  TrackInput sound_;
  FileIo io_;
  OutputHandle film_;
  int sound_rate_ = 0;
  std::int64_t sound_packets_ = 0;
  std::int64_t sound_written_ = 0;
};

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

/// Runs `read`, which only reads a segment: what it throws is that segment's fault.
template <class Read>
std::optional<std::string> fault_of(const Read& read) {
  try {
    read();
    return std::nullopt;
  } catch (const Error& error) {
    return error.what();
  }
}

class FilmCopy {
 public:
  FilmCopy(const JoinOrder& order, const std::filesystem::path& file, const JoinProgress& progress)
      : order_(order), file_(file), progress_(progress) {}

  std::optional<BadSegment> run() {
    for (std::size_t i = 0; i < order_.segments.size(); ++i) {
      if (auto why = copy(order_.segments[i])) return BadSegment{i, *why};
      if (progress_) progress_(order_.segments[i].frames.end);
    }
    writer_->finish();
    return std::nullopt;
  }

 private:
  std::optional<std::string> open(const FilmSegment& segment) {
    return fault_of([&] {
      auto opened = std::make_unique<CheckedSegment>(segment);
      opened->require_size(order_.size);
      if (first_ != nullptr) opened->require_same_parameters(first_->parameters());
      current_ = std::move(opened);
    });
  }

  std::optional<std::string> copy(const FilmSegment& segment) {
    if (auto why = open(segment)) return why;
    if (writer_ == nullptr) writer_ = std::make_unique<FilmWriter>(order_, file_, current_->parameters());
    std::int64_t index = segment.frames.begin;
    AVPacket* packet = nullptr;
    while (true) {
      if (auto why = fault_of([&] { packet = current_->next_packet(); })) return why;
      if (packet == nullptr) break;
      writer_->add_frame(index++, *packet);
    }
    if (first_ == nullptr) first_ = std::move(current_);
    return std::nullopt;
  }

  const JoinOrder& order_;
  const std::filesystem::path& file_;
  const JoinProgress& progress_;
  std::unique_ptr<CheckedSegment> first_;  ///< stays open: its parameters are the film's
  std::unique_ptr<CheckedSegment> current_;
  std::unique_ptr<FilmWriter> writer_;
};

}  // namespace

std::optional<BadSegment> copy_film(const JoinOrder& order, const std::filesystem::path& file,
                                    const JoinProgress& progress) {
  return FilmCopy(order, file, progress).run();
}

}  // namespace longtake
