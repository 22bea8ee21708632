#include "storage/media/track_input.h"

#include <utility>

#include "jobs/clip_math.h"

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
}

namespace longtake {

TrackInput::TrackInput(const std::filesystem::path& path, Kind kind)
    : path_(path), io_(path, FileIo::Mode::Read) {
  AVFormatContext* opened = avformat_alloc_context();
  if (opened == nullptr) throw std::bad_alloc();
  opened->pb = io_.context();
  // Our files say where every packet begins and when it is shown: looking into the packets to find out
  // would cost more than copying them.
  opened->flags |= AVFMT_FLAG_NOPARSE | AVFMT_FLAG_NOFILLIN;
  // Frees `opened` when it fails.
  check(avformat_open_input(&opened, nullptr, nullptr, nullptr), "cannot read " + path.string());
  format_.reset(opened);
  const AVMediaType wanted = kind == Kind::Video ? AVMEDIA_TYPE_VIDEO : AVMEDIA_TYPE_AUDIO;
  for (unsigned i = 0; i < format_->nb_streams; ++i) {
    AVStream* stream = format_->streams[i];
    if (track_ == nullptr && stream->codecpar->codec_type == wanted) {
      track_ = stream;
    } else {
      stream->discard = AVDISCARD_ALL;
    }
  }
  if (track_ != nullptr) return;
  throw Error(ErrorKind::Io, "cannot read " + path.string() + ": it has no " +
                                 (kind == Kind::Video ? "video" : "sound") + " track");
}

const AVCodecParameters& TrackInput::parameters() const { return *track_->codecpar; }

AVPacket* TrackInput::next_packet() {
  while (true) {
    av_packet_unref(packet_.get());
    const int code = av_read_frame(format_.get(), packet_.get());
    if (code == AVERROR_EOF) {
      check(io_.context()->error, "cannot read " + path_.string());
      return nullptr;
    }
    check(code, "cannot read " + path_.string());
    if (packet_->stream_index != track_->index) continue;
    if ((packet_->flags & AV_PKT_FLAG_CORRUPT) == 0) return packet_.get();
    throw Error(ErrorKind::Io, "cannot read " + path_.string() + ": a packet is torn");
  }
}

void TrackInput::seek_to_frame(std::int64_t index) {
  const std::int64_t timestamp = av_rescale_q(index, {1, kFramesPerSecond}, track_->time_base);
  check(av_seek_frame(format_.get(), track_->index, timestamp, AVSEEK_FLAG_BACKWARD),
        "cannot find frame " + std::to_string(index) + " in " + path_.string());
}

std::int64_t TrackInput::frame_index(std::int64_t timestamp) const {
  const std::int64_t index = av_rescale_q(timestamp, track_->time_base, {1, kFramesPerSecond});
  if (av_compare_ts(index, {1, kFramesPerSecond}, timestamp, track_->time_base) == 0) return index;
  throw Error(ErrorKind::Io, "cannot use " + path_.string() + ": a frame after frame " +
                                 std::to_string(index) + " is off the grid of 1/25 s");
}

FrameDecoder::FrameDecoder(const AVCodecParameters& parameters, std::filesystem::path name)
    : name_(std::move(name)), codec_(open_decoder(parameters, "cannot decode " + name_.string())) {
  codec_->err_recognition = AV_EF_CRCCHECK | AV_EF_EXPLODE;
}

void FrameDecoder::send(const AVPacket* packet) {
  check(avcodec_send_packet(codec_.get(), packet), "cannot decode " + name_.string());
}

const AVFrame* FrameDecoder::receive() {
  const int code = avcodec_receive_frame(codec_.get(), frame_.get());
  if (code == AVERROR(EAGAIN) || code == AVERROR_EOF) return nullptr;
  check(code, "cannot decode " + name_.string());
  if (frame_->decode_error_flags == 0 && (frame_->flags & AV_FRAME_FLAG_CORRUPT) == 0) return frame_.get();
  throw Error(ErrorKind::Io, "cannot decode " + name_.string() + ": a frame is damaged");
}

void FrameDecoder::restart() { avcodec_flush_buffers(codec_.get()); }

std::uint32_t crc32_of_frame(const AVFrame& frame) {
  std::uint32_t crc = 0;
  for (int plane = 0; plane < 3; ++plane) {
    const int width = plane == 0 ? frame.width : (frame.width + 1) / 2;
    const int height = plane == 0 ? frame.height : (frame.height + 1) / 2;
    for (int y = 0; y < height; ++y) {
      const std::uint8_t* row = frame.data[plane] + static_cast<std::ptrdiff_t>(y) * frame.linesize[plane];
      crc = crc32_of(crc, row, static_cast<std::size_t>(width));
    }
  }
  return crc;
}

}  // namespace longtake
