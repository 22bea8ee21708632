#include "storage/media/av_handles.h"

#include <libdeflate.h>

#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <mutex>
#include <new>

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/log.h>
#include <libswresample/swresample.h>
#include <libswscale/swscale.h>
}

namespace longtake {
namespace {

thread_local std::string last_log_line;

void keep_log_line(void* /*source*/, int level, const char* format, std::va_list arguments) {
  if (level > AV_LOG_ERROR) return;
  char line[256];
  std::vsnprintf(line, sizeof line, format, arguments);
  last_log_line = line;
  while (!last_log_line.empty() && (last_log_line.back() == '\n' || last_log_line.back() == ' ')) {
    last_log_line.pop_back();
  }
}

template <class T>
T* allocated(T* handle) {
  if (handle == nullptr) throw std::bad_alloc();
  return handle;
}

}  // namespace

void CloseInput::operator()(AVFormatContext* format) const { avformat_close_input(&format); }
void FreeOutput::operator()(AVFormatContext* format) const { avformat_free_context(format); }
void FreeCodec::operator()(AVCodecContext* codec) const { avcodec_free_context(&codec); }
void FreeFrame::operator()(AVFrame* frame) const { av_frame_free(&frame); }
void FreePacket::operator()(AVPacket* packet) const { av_packet_free(&packet); }
void FreeScaler::operator()(SwsContext* scaler) const { sws_freeContext(scaler); }
void FreeResampler::operator()(SwrContext* resampler) const { swr_free(&resampler); }
void FreeIo::operator()(AVIOContext* io) const {
  av_freep(&io->buffer);
  avio_context_free(&io);
}

FrameHandle new_frame() { return FrameHandle(allocated(av_frame_alloc())); }
PacketHandle new_packet() { return PacketHandle(allocated(av_packet_alloc())); }

void silence_av_log() {
  static std::once_flag once;
  std::call_once(once, [] { av_log_set_callback(keep_log_line); });
  last_log_line.clear();
}

std::string describe(int code) {
  char text[AV_ERROR_MAX_STRING_SIZE] = {};
  av_strerror(code, text, sizeof text);
  return last_log_line.empty() ? std::string(text) : std::string(text) + " (" + last_log_line + ")";
}

int check(int code, std::string_view doing, ErrorKind kind) {
  if (code >= 0) return code;
  // AVERROR(e) is -e on POSIX; FFmpeg's own codes are large four-letter tags and never match an errno.
  if (kind_of_errno(AVUNERROR(code)) == ErrorKind::DiskFull) kind = ErrorKind::DiskFull;
  throw Error(kind, std::string(doing) + ": " + describe(code));
}

CodecHandle open_decoder(const AVCodecParameters& parameters, std::string_view doing) {
  const AVCodec* decoder = avcodec_find_decoder(parameters.codec_id);
  if (decoder == nullptr) {
    throw Error(ErrorKind::InvalidInput, std::string(doing) + ": this FFmpeg has no decoder for " +
                                             avcodec_get_name(parameters.codec_id));
  }
  CodecHandle codec(allocated(avcodec_alloc_context3(decoder)));
  check(avcodec_parameters_to_context(codec.get(), &parameters), doing);
  // More threads would delay frames and compete with the other ranks of the host.
  codec->thread_count = 1;
  check(avcodec_open2(codec.get(), decoder, nullptr), doing);
  return codec;
}

std::uint32_t crc32_of(std::uint32_t so_far, const std::uint8_t* bytes, std::size_t size) {
  return libdeflate_crc32(so_far, bytes, size);
}

}  // namespace longtake
