#include "storage/media/segment_file.h"

#include <array>
#include <string>

#include "storage/media/open_file.h"
#include "storage/media/segment_scan.h"
#include "storage/media/track_input.h"

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

}  // namespace

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
  FrameDecoder decoder(input.parameters(), path);
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
