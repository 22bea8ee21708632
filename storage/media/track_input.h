#pragma once

#include <cstdint>
#include <filesystem>

#include "storage/media/av_handles.h"
#include "storage/media/file_io.h"

struct AVStream;

namespace longtake {

/// A media file of ours open for reading the packets of one track. Internal to storage/media.
/// Everything throws Error{Io} naming the file and the fault.
class TrackInput {
 public:
  enum class Kind { Video, Sound };

  TrackInput(const std::filesystem::path& path, Kind kind);

  /// The next packet of the track, valid until the next call; nullptr at the end.
  AVPacket* next_packet();

  /// The next packet will be that of the last key frame at or before frame `index`.
  void seek_to_frame(std::int64_t index);

  AVFormatContext& format() const { return *format_; }
  AVStream& track() const { return *track_; }
  const AVCodecParameters& parameters() const;
  /// Frame index of a timestamp of this track; throws when it lies between two frames.
  std::int64_t frame_index(std::int64_t timestamp) const;

 private:
  std::filesystem::path path_;
  FileIo io_;
  InputHandle format_;
  AVStream* track_ = nullptr;
  PacketHandle packet_ = new_packet();
};

/// Packets in, frames out, in order. Internal to storage/media.
class FrameDecoder {
 public:
  /// `name` is the file in messages.
  FrameDecoder(const AVCodecParameters& parameters, std::filesystem::path name);

  /// nullptr: no more packets. Throws Error{Io} when it does not decode.
  void send(const AVPacket* packet);

  /// The next frame, valid until the next call; nullptr when more packets are needed, or at the end.
  const AVFrame* receive();

  /// Ready for packets from another place.
  void restart();

 private:
  std::filesystem::path name_;
  CodecHandle codec_;
  FrameHandle frame_ = new_frame();
};

/// CRC-32 over the planes of a yuv420p frame, without padding: Y, then U, then V.
std::uint32_t crc32_of_frame(const AVFrame& frame);

}  // namespace longtake
