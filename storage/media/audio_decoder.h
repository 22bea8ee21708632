#pragma once

#include <cstdint>
#include <filesystem>

#include "storage/media/audio_reader.h"
#include "storage/media/av_handles.h"

namespace longtake {

/// The decoded frames of a file's best audio stream, one after the other. Internal to storage/media.
class AudioDecoder {
 public:
  /// Throws Error{InvalidInput} as AudioReader does, except that no frame has been decoded yet.
  explicit AudioDecoder(const std::filesystem::path& path);

  /// The next frame with at least one sample, valid until the next call; nullptr at the end.
  /// Packets that do not decode are counted and skipped. Throws Error{Io} when the disk fails.
  const AVFrame* next();

  const AudioInfo& info() const { return info_; }
  std::int64_t corrupt_packets() const { return corrupt_packets_; }

 private:
  void open_stream();
  void feed_packet();
  /// Headers may be wrong about rate and channels (AAC with SBR); the first frame is right.
  void note_true_parameters();
  double declared_seconds() const;

  std::filesystem::path path_;
  AudioInfo info_;
  InputHandle format_;
  CodecHandle codec_;
  PacketHandle packet_ = new_packet();
  FrameHandle frame_ = new_frame();
  int stream_index_ = -1;
  bool has_decoded_ = false;
  bool is_drained_ = false;  ///< the end of the file has been told to the decoder
  std::int64_t corrupt_packets_ = 0;
};

}  // namespace longtake
