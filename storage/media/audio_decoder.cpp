#include "storage/media/audio_decoder.h"

#include <algorithm>
#include <cerrno>
#include <string>
#include <string_view>

#include "storage/media/media_kind.h"
#include "storage/media/wav_header.h"

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
}

namespace longtake {
namespace {

/// A demuxer that fails so often in a row will not find its way back.
constexpr int kReadAttempts = 100;

[[noreturn]] void throw_not_audio(const std::filesystem::path& path) {
  std::string kind = kind_of_media(path);
  if (kind.empty() || kind == "a sound file" || kind == "a video") {
    kind = "not audio or is damaged";
  }
  throw Error(ErrorKind::InvalidInput,
              "audio " + path.string() + " is " + kind +
                  "; give a recording of speech that FFmpeg reads (WAV, FLAC, MP3, M4A, Opus)");
}

}  // namespace

AudioDecoder::AudioDecoder(const std::filesystem::path& path) : path_(path) {
  silence_av_log();
  require_input_file(path, "audio");
  AVFormatContext* opened = nullptr;
  if (avformat_open_input(&opened, ("file:" + path.string()).c_str(), nullptr, nullptr) < 0) {
    throw_not_audio(path);
  }
  format_.reset(opened);
  open_stream();
}

void AudioDecoder::open_stream() {
  if (avformat_find_stream_info(format_.get(), nullptr) < 0) throw_not_audio(path_);
  stream_index_ = av_find_best_stream(format_.get(), AVMEDIA_TYPE_AUDIO, -1, -1, nullptr, 0);
  if (stream_index_ < 0) throw_not_audio(path_);
  for (unsigned i = 0; i < format_->nb_streams; ++i) {
    AVStream& stream = *format_->streams[i];
    if ((stream.disposition & AV_DISPOSITION_ATTACHED_PIC) != 0) info_.has_cover_art = true;
    if (static_cast<int>(i) != stream_index_) stream.discard = AVDISCARD_ALL;
  }
  const AVCodecParameters& parameters = *format_->streams[stream_index_]->codecpar;
  codec_ = open_decoder(parameters, "cannot read audio " + path_.string());
  codec_->pkt_timebase = format_->streams[stream_index_]->time_base;
  info_.codec = avcodec_get_name(parameters.codec_id);
  info_.sample_rate = parameters.sample_rate;
  info_.channels = parameters.ch_layout.nb_channels;
  info_.container_seconds = declared_seconds();
}

double AudioDecoder::declared_seconds() const {
  if (std::string_view(format_->iformat->name) == "wav") return declared_wav_seconds(path_);
  // A duration guessed from the bit rate says nothing about what the file should hold.
  if (format_->duration_estimation_method == AVFMT_DURATION_FROM_BITRATE) return -1;
  const AVStream& stream = *format_->streams[stream_index_];
  if (stream.duration != AV_NOPTS_VALUE)
    return static_cast<double>(stream.duration) * av_q2d(stream.time_base);
  // The duration of a file with several streams is that of the longest, perhaps not of the sound.
  if (format_->duration == AV_NOPTS_VALUE || format_->nb_streams > 1) return -1;
  return static_cast<double>(format_->duration) / AV_TIME_BASE;
}

const AVFrame* AudioDecoder::next() {
  while (true) {
    const int code = avcodec_receive_frame(codec_.get(), frame_.get());
    if (code == 0 && frame_->nb_samples > 0) {
      note_true_parameters();
      return frame_.get();
    }
    if (code == AVERROR_EOF) return nullptr;
    if (code == AVERROR(EAGAIN)) {
      feed_packet();
    } else if (code < 0) {
      ++corrupt_packets_;
      if (is_drained_) return nullptr;
      feed_packet();
    }
  }
}

void AudioDecoder::note_true_parameters() {
  if (has_decoded_) return;
  has_decoded_ = true;
  info_.sample_rate = frame_->sample_rate;
  info_.channels = frame_->ch_layout.nb_channels;
}

void AudioDecoder::feed_packet() {
  int failures = 0;
  while (!is_drained_) {
    av_packet_unref(packet_.get());
    const int code = av_read_frame(format_.get(), packet_.get());
    if (code == AVERROR(EIO)) check(code, "cannot read audio " + path_.string());
    if (code < 0 && code != AVERROR_EOF) ++corrupt_packets_;
    if (code == AVERROR_EOF || (code < 0 && ++failures == kReadAttempts)) {
      is_drained_ = true;
      avcodec_send_packet(codec_.get(), nullptr);
      return;
    }
    if (code < 0 || packet_->stream_index != stream_index_) continue;
    if (avcodec_send_packet(codec_.get(), packet_.get()) >= 0) return;
    ++corrupt_packets_;
  }
}

}  // namespace longtake
