#include "storage/media/segment_file.h"

#include <array>
#include <string_view>
#include <vector>

#include "storage/media/open_file.h"
#include "storage/media/segment_scan.h"
#include "storage/media/track_input.h"

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
}

namespace longtake {
namespace {

struct Box {
  std::string type;
  std::int64_t bytes = 0;  ///< with its header
};

/// The header of an ISO base media box (ISO/IEC 14496-12, 4.2).
Box read_box(const OpenFile& file, std::int64_t offset, std::int64_t file_bytes) {
  std::array<std::uint8_t, 16> header = {};
  file.read_at(offset, header.data(), header.size());
  const auto number = [&header](std::size_t at, std::size_t size) {
    std::uint64_t value = 0;
    for (std::size_t i = at; i < at + size; ++i) value = value << 8 | header[i];
    return static_cast<std::int64_t>(value);
  };
  Box box{{reinterpret_cast<const char*>(header.data()) + 4, 4}, number(0, 4)};
  if (box.bytes == 1) box.bytes = number(8, 8);
  if (box.bytes == 0) box.bytes = file_bytes - offset;  // it reaches to the end of the file
  return box;
}

std::optional<std::string> find_box_fault(const OpenFile& file, std::int64_t file_bytes) {
  bool has_index = false;
  for (std::int64_t offset = 0; offset < file_bytes;) {
    const Box box = read_box(file, offset, file_bytes);
    if (offset == 0 && box.type != "ftyp") return "it does not begin as an MP4 file";
    if (box.bytes < 8 || box.bytes > file_bytes - offset) {
      return "its box at byte " + std::to_string(offset) + " is torn";
    }
    if (box.type == "moov") has_index = true;
    offset += box.bytes;
  }
  if (!has_index) return "its index (moov box) is missing";
  return std::nullopt;
}

[[noreturn]] void throw_bad_segment(const std::filesystem::path& path, const std::string& why) {
  throw Error(ErrorKind::Io, "segment " + path.string() + " is bad: " + why);
}

void require_segment_track(const std::filesystem::path& path, const AVCodecParameters& parameters) {
  if (parameters.codec_id == AV_CODEC_ID_H264 && parameters.extradata_size > 0) return;
  throw_bad_segment(path, "its video is not H.264 as segments are");
}

/// Decodes packets as they pass by and remembers the first and the last frame.
class SegmentDecoder {
 public:
  SegmentDecoder(const std::filesystem::path& path, const AVCodecParameters& parameters)
      : path_(path), decoder_(parameters, path) {}

  void decode(const AVPacket* packet) {
    decoder_.send(packet);
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

  std::int64_t frames() const { return frames_; }
  std::uint32_t first_crc() const { return first_crc_; }
  std::uint32_t last_crc() const { return last_crc_; }

 private:
  std::filesystem::path path_;
  FrameDecoder decoder_;
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

}  // namespace

SegmentContents scan_segment(const std::filesystem::path& path, Decoding decoding) {
  TrackInput input(path, TrackInput::Kind::Video);
  const AVCodecParameters& parameters = *input.track().codecpar;
  require_segment_track(path, parameters);
  SegmentDecoder decoder(path, parameters);
  SegmentContents contents{{}, {parameters.height, parameters.width}, tag_of(input.format())};
  SegmentFacts& facts = contents.facts;
  std::vector<PacketHandle> last_group;
  while (const AVPacket* packet = input.next_packet()) {
    const bool is_key = (packet->flags & AV_PKT_FLAG_KEY) != 0;
    if (facts.frames == 0 && !is_key) throw_bad_segment(path, "its first frame is not a key frame");
    if (input.frame_index(packet->pts) != facts.frames || packet->dts != packet->pts) {
      throw_bad_segment(path, "frame " + std::to_string(facts.frames) + " has a wrong timestamp");
    }
    facts.packets_crc = crc32_of(facts.packets_crc, packet->data, static_cast<std::size_t>(packet->size));
    if (decoding == Decoding::All) decoder.decode(packet);
    if (decoding == Decoding::FirstAndLast) {
      if (facts.frames == 0) {
        std::vector<PacketHandle> first;
        first.push_back(copy_of(*packet));
        decoder.decode_group(first);
      }
      if (is_key) last_group.clear();
      last_group.push_back(copy_of(*packet));
    }
    ++facts.frames;
  }
  if (facts.frames == 0) throw_bad_segment(path, "it holds no frames");
  if (decoding == Decoding::All) {
    decoder.decode(nullptr);
  } else {
    decoder.decode_group(last_group);
  }
  const std::int64_t decoded =
      decoding == Decoding::All ? facts.frames : 1 + static_cast<std::int64_t>(last_group.size());
  if (decoder.frames() != decoded) {
    throw_bad_segment(path,
                      std::to_string(decoder.frames()) + " of " + std::to_string(decoded) + " frames decode");
  }
  facts.first_frame_crc = decoder.first_crc();
  facts.last_frame_crc = decoder.last_crc();
  facts.bytes = static_cast<std::int64_t>(std::filesystem::file_size(path));
  return contents;
}

std::optional<std::string> find_quick_fault(const std::filesystem::path& path, const SegmentFacts& facts) {
  try {
    const OpenFile file(path);
    const std::int64_t bytes = file.size();
    if (bytes != facts.bytes) {
      return "it has " + std::to_string(bytes) + " bytes, " + std::to_string(facts.bytes) + " were written";
    }
    return find_box_fault(file, bytes);
  } catch (const Error& error) {
    return error.what();
  }
}

SegmentContents inspect_segment(const std::filesystem::path& path) {
  return scan_segment(path, Decoding::All);
}

std::int64_t count_decoded_frames(const std::filesystem::path& path) {
  TrackInput input(path, TrackInput::Kind::Video);
  FrameDecoder decoder(*input.track().codecpar, path);
  std::int64_t frames = 0;
  const auto count = [&](const AVPacket* packet) {
    decoder.send(packet);
    while (decoder.receive() != nullptr) ++frames;
  };
  while (const AVPacket* packet = input.next_packet()) count(packet);
  count(nullptr);
  return frames;
}

}  // namespace longtake
