#pragma once

#include <cstdint>

#include "storage/media/av_handles.h"
#include "storage/media/segment_writer.h"

namespace longtake {

/// RGB frames in, H.264 packets out, always with the same parameters, so that the packets of all
/// segments of a film can follow each other in one track. Internal to storage/media.
class H264Encoder {
 public:
  explicit H264Encoder(const VideoFormat& format);

  /// The parameters of the stream, complete before the first frame.
  const AVCodecContext& codec() const { return *codec_; }

  void add(const std::uint8_t* rgb);
  void finish();

  /// The next finished packet, valid until the next call; nullptr when more frames are needed, or at the end.
  AVPacket* next_packet();

 private:
  VideoFormat format_;
  CodecHandle codec_;
  ScalerHandle scaler_;
  FrameHandle frame_ = new_frame();
  PacketHandle packet_ = new_packet();
  std::int64_t frames_ = 0;
};

}  // namespace longtake
