#include "storage/media/segment_scan.h"

#include <string>
#include <vector>

#include "storage/media/track_input.h"

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
}

namespace longtake {
namespace {

[[noreturn]] void throw_bad_segment(const std::filesystem::path& path, const std::string& why) {
  throw Error(ErrorKind::Io, "segment " + path.string() + " is bad: " + why);
}

/// Decodes packets as they pass by and remembers the first and the last frame.
class SegmentDecoder {
 public:
  SegmentDecoder(const std::filesystem::path& path, const AVCodecParameters& parameters)
      : path_(path), decoder_(parameters, path) {}

  /// nullptr: no more packets.
  void decode(const AVPacket* packet) {
    decoder_.send(packet);
    if (packet != nullptr) ++packets_;
    while (const AVFrame* frame = decoder_.receive()) {
      if (frame->format != AV_PIX_FMT_YUV420P) throw_bad_segment(path_, "its pixels are not yuv420p");
      last_crc_ = crc32_of_frame(*frame);
      if (frames_++ == 0) first_crc_ = last_crc_;
    }
  }

  /// Decodes one group of pictures on its own.
  void decode_group(const std::vector<PacketHandle>& packets) {
    for (const PacketHandle& packet : packets) decode(packet.get());
    decode(nullptr);
    decoder_.restart();
  }

  void require_every_frame() const {
    if (frames_ == packets_) return;
    throw_bad_segment(path_, std::to_string(frames_) + " of " + std::to_string(packets_) + " frames decode");
  }

  std::uint32_t first_crc() const { return first_crc_; }
  std::uint32_t last_crc() const { return last_crc_; }

 private:
  std::filesystem::path path_;
  FrameDecoder decoder_;
  std::int64_t packets_ = 0;
  std::int64_t frames_ = 0;
  std::uint32_t first_crc_ = 0;
  std::uint32_t last_crc_ = 0;
};

PacketHandle copy_of(const AVPacket& packet) {
  PacketHandle copy = new_packet();
  check(av_packet_ref(copy.get(), &packet), "cannot keep a packet");
  return copy;
}

std::string tag_of(const AVFormatContext& format) {
  const AVDictionaryEntry* entry = av_dict_get(format.metadata, "comment", nullptr, 0);
  return entry == nullptr ? "" : entry->value;
}

class SegmentScan {
 public:
  SegmentScan(const std::filesystem::path& path, Decoding decoding)
      : path_(path),
        decoding_(decoding),
        input_(path, TrackInput::Kind::Video),
        parameters_(input_.parameters()),
        decoder_(path, parameters_) {
    if (parameters_.codec_id == AV_CODEC_ID_H264 && parameters_.extradata_size > 0) return;
    throw_bad_segment(path, "its video is not H.264 as segments are");
  }

  SegmentContents run() {
    while (const AVPacket* packet = input_.next_packet()) {
      require_grid(*packet);
      facts_.packets_crc = crc32_of(facts_.packets_crc, packet->data, static_cast<std::size_t>(packet->size));
      decode(*packet);
      ++facts_.frames;
    }
    if (facts_.frames == 0) throw_bad_segment(path_, "it holds no frames");
    finish_decoding();
    facts_.first_frame_crc = decoder_.first_crc();
    facts_.last_frame_crc = decoder_.last_crc();
    facts_.bytes = static_cast<std::int64_t>(std::filesystem::file_size(path_));
    return {facts_, {parameters_.height, parameters_.width}, tag_of(input_.format())};
  }

 private:
  void require_grid(const AVPacket& packet) const {
    if (facts_.frames == 0 && (packet.flags & AV_PKT_FLAG_KEY) == 0) {
      throw_bad_segment(path_, "its first frame is not a key frame");
    }
    if (input_.frame_index(packet.pts) == facts_.frames && packet.dts == packet.pts) return;
    throw_bad_segment(path_, "frame " + std::to_string(facts_.frames) + " has a wrong timestamp");
  }

  void decode(const AVPacket& packet) {
    if (decoding_ == Decoding::All) {
      decoder_.decode(&packet);
      return;
    }
    // The last frame needs the packets from the last key frame on; which that is shows at the end.
    if ((packet.flags & AV_PKT_FLAG_KEY) != 0) group_.clear();
    group_.push_back(copy_of(packet));
    if (facts_.frames == 0) decoder_.decode_group(group_);
  }

  void finish_decoding() {
    if (decoding_ == Decoding::All) {
      decoder_.decode(nullptr);
    } else {
      decoder_.decode_group(group_);
    }
    decoder_.require_every_frame();
  }

  std::filesystem::path path_;
  Decoding decoding_;
  TrackInput input_;
  const AVCodecParameters& parameters_;
  SegmentDecoder decoder_;
  SegmentFacts facts_;
  std::vector<PacketHandle> group_;  ///< packets from the last key frame on
};

}  // namespace

SegmentContents scan_segment(const std::filesystem::path& path, Decoding decoding) {
  return SegmentScan(path, decoding).run();
}

}  // namespace longtake
