#include "storage/media/image.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "storage/durable_file.h"
#include "storage/media/av_handles.h"
#include "storage/media/framing.h"
#include "storage/media/image_header.h"
#include "storage/media/media_kind.h"
#include "storage/media/open_file.h"

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavutil/imgutils.h>
#include <libavutil/pixdesc.h>
#include <libswscale/swscale.h>
}

namespace longtake {
namespace {

constexpr int kSliceRows = 64;
constexpr float kBackground = 128;

struct ImageFile {
  std::string bytes;  ///< followed by the zeros that FFmpeg's decoders read over the end
  ImageHeader header;
};

[[noreturn]] void refuse(const std::filesystem::path& path, const std::string& why) {
  throw Error(ErrorKind::InvalidInput, "image " + path.string() + " " + why);
}

std::string read_all(const std::filesystem::path& path) {
  require_input_file(path, "image");
  const OpenFile file(path);
  std::string bytes(static_cast<std::size_t>(file.size()), '\0');
  bytes.resize(file.read_at(0, bytes.data(), bytes.size()));
  return bytes;
}

ImageFile open_image(const std::filesystem::path& path) {
  ImageFile file{read_all(path), {}};
  const std::optional<ImageHeader> header = parse_image_header(file.bytes);
  if (!header) {
    const std::string kind = kind_of_media(path);
    refuse(path, "is " + (kind.empty() || kind == "an image" ? "not an image that can be used" : kind) +
                     "; give a PNG, JPEG or WebP file");
  }
  if (!header->is_complete) refuse(path, "is truncated; give the complete file");
  if (header->is_animated) refuse(path, "is an animation; give a still image");
  const auto [height, width] = header->info.size;
  if (height < 1 || width < 1) refuse(path, "is damaged: its header holds no size");
  if (height > kLargestImageSide || width > kLargestImageSide) {
    refuse(path, "has " + std::to_string(width) + " x " + std::to_string(height) +
                     " pixels; at most 12000 a side can be used, reduce it");
  }
  file.header = *header;
  return file;
}

AVCodecID codec_of(const std::string& name) {
  if (name == "png") return AV_CODEC_ID_PNG;
  return name == "jpeg" ? AV_CODEC_ID_MJPEG : AV_CODEC_ID_WEBP;
}

FrameHandle decode(const std::filesystem::path& path, ImageFile file) {
  silence_av_log();
  const CodecHandle codec(avcodec_alloc_context3(avcodec_find_decoder(codec_of(file.header.info.codec))));
  if (codec == nullptr) refuse(path, "cannot be read: this FFmpeg has no decoder for it");
  codec->thread_count = 1;
  // A wrong checksum or a torn row is an error, not a guess.
  codec->err_recognition = AV_EF_CRCCHECK | AV_EF_EXPLODE;
  const std::string doing = "image " + path.string() + " is damaged";
  check(avcodec_open2(codec.get(), nullptr, nullptr), doing, ErrorKind::InvalidInput);
  const std::size_t size = file.bytes.size();
  file.bytes.append(AV_INPUT_BUFFER_PADDING_SIZE, '\0');
  const PacketHandle packet = new_packet();
  packet->data = reinterpret_cast<std::uint8_t*>(file.bytes.data());
  packet->size = static_cast<int>(size);
  FrameHandle frame = new_frame();
  check(avcodec_send_packet(codec.get(), packet.get()), doing, ErrorKind::InvalidInput);
  check(avcodec_send_packet(codec.get(), nullptr), doing, ErrorKind::InvalidInput);
  check(avcodec_receive_frame(codec.get(), frame.get()), doing, ErrorKind::InvalidInput);
  if (frame->decode_error_flags != 0) refuse(path, "is damaged: some of its pixels do not decode");
  return frame;
}

/// Four bytes a pixel, red green blue alpha, of some rows of a frame.
class RgbaRows {
 public:
  explicit RgbaRows(const AVFrame& frame) : frame_(frame) {
    rgba_.resize(static_cast<std::size_t>(frame.width) * kSliceRows * 4 + AV_INPUT_BUFFER_PADDING_SIZE);
  }

  /// Converts rows [begin, begin + count). `begin` is a multiple of kSliceRows: a whole number of chroma
  /// rows in every format, so that slices can be converted on their own.
  const std::uint8_t* convert(int begin, int count) {
    prepare(count);
    const std::uint8_t* planes[4] = {};
    const AVPixFmtDescriptor& format = *av_pix_fmt_desc_get(static_cast<AVPixelFormat>(frame_.format));
    const bool has_palette = (format.flags & AV_PIX_FMT_FLAG_PAL) != 0;
    for (int plane = 0; plane < 4 && frame_.data[plane] != nullptr; ++plane) {
      const bool is_chroma = (plane == 1 || plane == 2) && (format.flags & AV_PIX_FMT_FLAG_RGB) == 0;
      const int first = has_palette && plane == 1 ? 0 : begin >> (is_chroma ? format.log2_chroma_h : 0);
      planes[plane] = frame_.data[plane] + static_cast<std::ptrdiff_t>(first) * frame_.linesize[plane];
    }
    std::uint8_t* out[4] = {rgba_.data()};
    const int out_strides[4] = {frame_.width * 4};
    check(sws_scale(scaler_.get(), planes, frame_.linesize, 0, count, out, out_strides),
          "cannot convert an image to RGB");
    return rgba_.data();
  }

 private:
  void prepare(int count) {
    if (scaler_ != nullptr && count == prepared_rows_) return;
    scaler_.reset(sws_getContext(
        frame_.width, count, static_cast<AVPixelFormat>(frame_.format), frame_.width, count, AV_PIX_FMT_RGBA,
        SWS_BILINEAR | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT | SWS_BITEXACT, nullptr, nullptr, nullptr));
    prepared_rows_ = count;
    if (scaler_ == nullptr) {
      throw Error(ErrorKind::InvalidInput, "an image has a pixel format that cannot be converted to RGB");
    }
  }

  const AVFrame& frame_;
  std::vector<std::uint8_t> rgba_;
  ScalerHandle scaler_;
  int prepared_rows_ = 0;
};

/// One row over the background, as CoverScaler takes it.
void composite(const std::uint8_t* rgba, std::vector<float>& rgbx) {
  for (std::size_t i = 0; i < rgbx.size(); i += 4) {
    const float alpha = static_cast<float>(rgba[i + 3]) / 255;
    for (std::size_t c = 0; c < 3; ++c) {
      rgbx[i + c] = alpha * static_cast<float>(rgba[i + c]) + (1 - alpha) * kBackground;
    }
  }
}

RgbImage scaled_to_cover(const AVFrame& frame, FrameSize target) {
  CoverScaler scaler({frame.height, frame.width}, target);
  RgbaRows rows(frame);
  std::vector<float> rgbx(static_cast<std::size_t>(frame.width) * 4);
  for (int begin = 0; begin < frame.height; begin += kSliceRows) {
    const int count = std::min(kSliceRows, frame.height - begin);
    const std::uint8_t* rgba = rows.convert(begin, count);
    for (int row = 0; row < count; ++row, rgba += rgbx.size()) {
      composite(rgba, rgbx);
      scaler.add_row(rgbx.data());
    }
  }
  return scaler.finish();
}

RgbImage load(const std::filesystem::path& path, std::optional<FrameSize> target) {
  ImageFile file = open_image(path);
  const ImageInfo info = file.header.info;
  const FrameSize upright = target.value_or(turned(info.size, info.exif_orientation));
  const FrameHandle frame = decode(path, std::move(file));
  return made_upright(scaled_to_cover(*frame, turned(upright, info.exif_orientation)), info.exif_orientation);
}

}  // namespace

ImageInfo probe_image(const std::filesystem::path& path) {
  ImageInfo info = open_image(path).header.info;
  info.size = turned(info.size, info.exif_orientation);
  return info;
}

RgbImage load_framed_image(const std::filesystem::path& path, FrameSize target) {
  if (target.height < 1 || target.width < 1) {
    throw Error(ErrorKind::Bug, "an image cannot be framed to " + std::to_string(target.width) + " x " +
                                    std::to_string(target.height) + " pixels");
  }
  return load(path, target);
}

RgbImage read_png(const std::filesystem::path& path) { return load(path, std::nullopt); }

void write_png(const std::filesystem::path& path, const RgbImage& image) {
  silence_av_log();
  const std::string doing = "cannot encode " + path.string();
  const CodecHandle codec(avcodec_alloc_context3(avcodec_find_encoder(AV_CODEC_ID_PNG)));
  if (codec == nullptr) throw Error(ErrorKind::Io, doing + ": this FFmpeg has no PNG encoder");
  codec->width = image.size.width;
  codec->height = image.size.height;
  codec->pix_fmt = AV_PIX_FMT_RGB24;
  codec->time_base = {1, 1};
  codec->thread_count = 1;
  check(avcodec_open2(codec.get(), nullptr, nullptr), doing);
  const FrameHandle frame = new_frame();
  frame->width = image.size.width;
  frame->height = image.size.height;
  frame->format = AV_PIX_FMT_RGB24;
  check(av_frame_get_buffer(frame.get(), 0), doing);
  const int row_bytes = image.size.width * 3;
  av_image_copy_plane(frame->data[0], frame->linesize[0], image.rgb.data(), row_bytes, row_bytes,
                      image.size.height);
  check(avcodec_send_frame(codec.get(), frame.get()), doing);
  const PacketHandle packet = new_packet();
  check(avcodec_receive_packet(codec.get(), packet.get()), doing);
  write_durably(path, {reinterpret_cast<const char*>(packet->data), static_cast<std::size_t>(packet->size)});
}

}  // namespace longtake
