#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "jobs/error.h"

/// FFmpeg's C handles as owned values, and the one place where its error codes become Error.
/// Internal to storage/media: never included by a header that others see.
struct AVCodecContext;
struct AVCodecParameters;
struct AVFormatContext;
struct AVFrame;
struct AVIOContext;
struct AVPacket;
struct SwrContext;
struct SwsContext;

namespace longtake {

struct CloseInput {
  void operator()(AVFormatContext* format) const;
};
struct FreeOutput {
  void operator()(AVFormatContext* format) const;
};
struct FreeCodec {
  void operator()(AVCodecContext* codec) const;
};
struct FreeFrame {
  void operator()(AVFrame* frame) const;
};
struct FreePacket {
  void operator()(AVPacket* packet) const;
};
struct FreeIo {
  void operator()(AVIOContext* io) const;
};
struct FreeScaler {
  void operator()(SwsContext* scaler) const;
};
struct FreeResampler {
  void operator()(SwrContext* resampler) const;
};

using InputHandle = std::unique_ptr<AVFormatContext, CloseInput>;
using OutputHandle = std::unique_ptr<AVFormatContext, FreeOutput>;
using CodecHandle = std::unique_ptr<AVCodecContext, FreeCodec>;
using FrameHandle = std::unique_ptr<AVFrame, FreeFrame>;
using PacketHandle = std::unique_ptr<AVPacket, FreePacket>;
using IoHandle = std::unique_ptr<AVIOContext, FreeIo>;
using ScalerHandle = std::unique_ptr<SwsContext, FreeScaler>;
using ResamplerHandle = std::unique_ptr<SwrContext, FreeResampler>;

FrameHandle new_frame();
PacketHandle new_packet();

/// Nothing of FFmpeg reaches the terminal from here on: its last error line is kept for describe().
/// Every function here that opens something calls it.
void silence_av_log();

/// FFmpeg's words for `code`, with the last line it logged on this thread when there is one.
std::string describe(int code);

/// Throws Error "`doing`: <FFmpeg's words>" when `code` is negative, else gives it back.
/// AVERROR(ENOSPC) and its kin become DiskFull, everything else `kind`.
int check(int code, std::string_view doing, ErrorKind kind = ErrorKind::Io);

/// A codec context with `parameters`, opened for decoding on one thread.
CodecHandle open_decoder(const AVCodecParameters& parameters, std::string_view doing);

/// CRC-32 as zlib's crc32() computes it: pass the result so far, 0 at the start.
std::uint32_t crc32_of(std::uint32_t so_far, const std::uint8_t* bytes, std::size_t size);

}  // namespace longtake
