#include "storage/media/h264_encoder.h"

#include <new>

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavutil/opt.h>
#include <libswscale/swscale.h>
}

namespace longtake {
namespace {

constexpr int kGopFrames = 25;
/// The join decodes from here on: as far back as it compares neighbours of a joint.
constexpr std::int64_t kLastKeyFrameBeforeEnd = 6;

// bframes=0: packets leave in display order, so that in the join pts = dts = frame index, exactly, also
//   across segments; B-frames would need a decoding delay at every joint.
// stitchable: parameter sets do not depend on the content, so one set serves all segments.
// scenecut=0: a key frame every 25 frames and the one before the end; checks and seeks need few frames.
// ipratio=1, mbtree=0: key frames no finer than their neighbours, so that a moving picture pulses less at
//   every key frame, also at the joints. A slate's file grows by a sixth.
// deadzone: small changes are coded when they happen. Else they are left out until the next key frame, which
//   brings all of them at once: a picture that hardly moves pulses. A film of the bundled model grows by a
//   fifth.
// crf=16: at 18 a key frame changes a resting picture by more than the picture itself does where a segment
//   begins. A film of the bundled model grows by a quarter.
// threads=1, cpu-independent: the bytes depend on frames and format only. Ranks share the host's cores.
constexpr const char* kX264Parameters =
    "stitchable=1:bframes=0:scenecut=0:open-gop=0:force-cfr=1:threads=1:lookahead-threads=1:"
    "sliced-threads=0:cpu-independent=1:ipratio=1.0:mbtree=0:"
    "deadzone-inter=6:deadzone-intra=6";

void set_video_format(AVCodecContext& codec, const VideoFormat& format) {
  codec.width = format.size.width;
  codec.height = format.size.height;
  codec.pix_fmt = AV_PIX_FMT_YUV420P;
  codec.time_base = {1, format.fps};
  codec.framerate = {format.fps, 1};
  codec.sample_aspect_ratio = {1, 1};
  codec.color_primaries = AVCOL_PRI_BT709;
  codec.color_trc = AVCOL_TRC_BT709;
  codec.colorspace = AVCOL_SPC_BT709;
  codec.color_range = AVCOL_RANGE_MPEG;
}

CodecHandle open_x264(const VideoFormat& format) {
  const AVCodec* encoder = avcodec_find_encoder_by_name("libx264");
  if (encoder == nullptr) {
    throw Error(ErrorKind::InvalidInput, "this FFmpeg cannot encode H.264: it was built without libx264");
  }
  CodecHandle codec(avcodec_alloc_context3(encoder));
  if (codec == nullptr) throw std::bad_alloc();
  set_video_format(*codec, format);
  codec->gop_size = kGopFrames;
  codec->keyint_min = kGopFrames;
  codec->max_b_frames = 0;
  codec->thread_count = 1;
  codec->flags |= AV_CODEC_FLAG_GLOBAL_HEADER | AV_CODEC_FLAG_CLOSED_GOP | AV_CODEC_FLAG_BITEXACT;
  const std::string doing = "cannot open the H.264 encoder for " + std::to_string(format.size.width) + " x " +
                            std::to_string(format.size.height) + " pixels";
  check(av_opt_set(codec->priv_data, "preset", "veryfast", 0), doing);
  check(av_opt_set(codec->priv_data, "crf", "16", 0), doing);
  check(av_opt_set(codec->priv_data, "forced-idr", "1", 0), doing);
  check(av_opt_set(codec->priv_data, "x264-params", kX264Parameters, 0), doing);
  check(avcodec_open2(codec.get(), encoder, nullptr), doing);
  return codec;
}

ScalerHandle open_scaler(FrameSize size) {
  // Exact arithmetic: the fast paths differ from processor to processor.
  constexpr int kFlags = SWS_BILINEAR | SWS_ACCURATE_RND | SWS_BITEXACT;
  ScalerHandle scaler(sws_getContext(size.width, size.height, AV_PIX_FMT_RGB24, size.width, size.height,
                                     AV_PIX_FMT_YUV420P, kFlags, nullptr, nullptr, nullptr));
  if (scaler == nullptr) throw std::bad_alloc();
  const int* bt709 = sws_getCoefficients(SWS_CS_ITU709);
  constexpr int kFullRange = 1;
  constexpr int kLimitedRange = 0;
  constexpr int kUnit = 1 << 16;
  check(sws_setColorspaceDetails(scaler.get(), bt709, kFullRange, bt709, kLimitedRange, 0, kUnit, kUnit),
        "cannot set the BT.709 matrix");
  return scaler;
}

}  // namespace

H264Encoder::H264Encoder(const VideoFormat& format)
    : format_(format), codec_(open_x264(format)), scaler_(open_scaler(format.size)) {
  frame_->width = format.size.width;
  frame_->height = format.size.height;
  frame_->format = AV_PIX_FMT_YUV420P;
  check(av_frame_get_buffer(frame_.get(), 0), "cannot allocate a frame");
}

void H264Encoder::add(const std::uint8_t* rgb) {
  // x264 copies what it gets, but FFmpeg may still hold a reference to the frame.
  check(av_frame_make_writable(frame_.get()), "cannot allocate a frame");
  const std::uint8_t* planes[4] = {rgb};
  const int strides[4] = {format_.size.width * 3};
  check(sws_scale(scaler_.get(), planes, strides, 0, format_.size.height, frame_->data, frame_->linesize),
        "cannot convert a frame to yuv420p");
  frame_->pict_type = frames_ > 0 && frames_ == format_.frames - kLastKeyFrameBeforeEnd
                          ? AV_PICTURE_TYPE_I
                          : AV_PICTURE_TYPE_NONE;
  frame_->pts = frames_++;
  check(avcodec_send_frame(codec_.get(), frame_.get()), "cannot encode frame " + std::to_string(frames_ - 1));
}

void H264Encoder::finish() { check(avcodec_send_frame(codec_.get(), nullptr), "cannot finish encoding"); }

AVPacket* H264Encoder::next_packet() {
  av_packet_unref(packet_.get());
  const int code = avcodec_receive_packet(codec_.get(), packet_.get());
  if (code == AVERROR(EAGAIN) || code == AVERROR_EOF) return nullptr;
  check(code, "cannot encode");
  packet_->duration = 1;
  return packet_.get();
}

}  // namespace longtake
