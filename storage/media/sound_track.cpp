#include "storage/media/sound_track.h"

#include <algorithm>
#include <array>
#include <memory>
#include <new>
#include <vector>

#include "jobs/clip_math.h"
#include "storage/media/audio_reader.h"
#include "storage/media/file_io.h"
#include "storage/media/part_file.h"
#include "storage/media/track_input.h"

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
}

namespace longtake {
namespace {

constexpr std::int64_t kBitsPerChannel = 64000;

/// The smallest AAC rate that keeps all of the source, within 16 to 48 kHz. All are multiples of 25: every
/// frame of the film has a whole number of samples.
int aac_rate_for(int source_rate) {
  constexpr std::array<int, 6> kRates = {16000, 22050, 24000, 32000, 44100, 48000};
  const auto rate = std::lower_bound(kRates.begin(), kRates.end(), source_rate);
  return rate == kRates.end() ? kRates.back() : *rate;
}

/// The part of a recording that a film plays, sample by sample, silence after its end.
class FilmSound {
 public:
  FilmSound(const std::filesystem::path& audio, Interval kept, std::int64_t film_frames, int rate,
            int channels)
      : reader_(audio, rate, channels), channels_(static_cast<std::size_t>(channels)) {
    const std::int64_t begin = kept.begin * rate / kSpeechSampleRate;
    const std::int64_t end = kept.end * rate / kSpeechSampleRate;
    samples_left_ = film_frames * rate / kFramesPerSecond;
    heard_left_ = std::min(samples_left_, end - begin);
    skip(begin);
  }

  std::int64_t samples_left() const { return samples_left_; }

  /// Writes the next `samples` samples of each channel, at most samples_left().
  void read(float* out, std::int64_t samples) {
    const auto size = static_cast<std::size_t>(samples);
    const auto heard = static_cast<std::size_t>(std::clamp<std::int64_t>(heard_left_, 0, samples));
    const std::size_t got = read_fully(out, heard);
    std::fill(out + got * channels_, out + size * channels_, 0.0F);
    heard_left_ -= samples;
    samples_left_ -= samples;
  }

 private:
  std::size_t read_fully(float* out, std::size_t samples) {
    std::size_t done = 0;
    while (done < samples) {
      const std::size_t got = reader_.read(out + done * channels_, samples - done);
      if (got == 0) break;
      done += got;
    }
    return done;
  }

  void skip(std::int64_t samples) {
    std::vector<float> unheard(static_cast<std::size_t>(kAacPacketSamples) * channels_);
    while (samples > 0) {
      const std::int64_t step = std::min(samples, kAacPacketSamples);
      if (read_fully(unheard.data(), static_cast<std::size_t>(step)) == 0) return;
      samples -= step;
    }
  }

  AudioReader reader_;
  std::size_t channels_;
  std::int64_t samples_left_ = 0;
  std::int64_t heard_left_ = 0;
};

CodecHandle open_aac(int rate, int channels) {
  const AVCodec* encoder = avcodec_find_encoder_by_name("aac");
  if (encoder == nullptr) {
    throw Error(ErrorKind::InvalidInput, "this FFmpeg cannot encode AAC: it was built without its encoder");
  }
  CodecHandle codec(avcodec_alloc_context3(encoder));
  if (codec == nullptr) throw std::bad_alloc();
  codec->sample_rate = rate;
  av_channel_layout_default(&codec->ch_layout, channels);
  codec->sample_fmt = AV_SAMPLE_FMT_FLTP;
  codec->bit_rate = kBitsPerChannel * channels;
  codec->time_base = {1, rate};
  codec->flags |= AV_CODEC_FLAG_GLOBAL_HEADER | AV_CODEC_FLAG_BITEXACT;
  check(avcodec_open2(codec.get(), encoder, nullptr), "cannot open the AAC encoder");
  // The join computes every packet's place in the film from these two.
  if (codec->frame_size != kAacPacketSamples || codec->initial_padding != kAacPrimingSamples) {
    throw Error(ErrorKind::Bug, "the AAC encoder has packets of " + std::to_string(codec->frame_size) +
                                    " samples and " + std::to_string(codec->initial_padding) +
                                    " samples of priming, both should be 1024");
  }
  return codec;
}

OutputHandle open_matroska(AVIOContext* io, const AVCodecContext& codec) {
  AVFormatContext* made = nullptr;
  check(avformat_alloc_output_context2(&made, nullptr, "matroska", nullptr),
        "cannot open the Matroska writer");
  OutputHandle matroska(made);
  matroska->pb = io;
  matroska->flags |= AVFMT_FLAG_BITEXACT;
  AVStream* stream = avformat_new_stream(matroska.get(), nullptr);
  if (stream == nullptr) throw std::bad_alloc();
  check(avcodec_parameters_from_context(stream->codecpar, &codec), "cannot describe the sound track");
  stream->time_base = codec.time_base;
  return matroska;
}

/// Encodes samples and writes the packets as they come.
class SoundWriter {
 public:
  SoundWriter(const std::filesystem::path& file, int rate, int channels)
      : doing_("cannot write " + file.string()),
        codec_(open_aac(rate, channels)),
        io_(file, FileIo::Mode::Create),
        matroska_(open_matroska(io_.context(), *codec_)) {
    check(avformat_write_header(matroska_.get(), nullptr), doing_);
  }

  void add(const float* interleaved, int samples) {
    const FrameHandle frame = new_frame();
    frame->nb_samples = samples;
    frame->format = codec_->sample_fmt;
    frame->sample_rate = codec_->sample_rate;
    check(av_channel_layout_copy(&frame->ch_layout, &codec_->ch_layout), doing_);
    check(av_frame_get_buffer(frame.get(), 0), doing_);
    const int channels = codec_->ch_layout.nb_channels;
    for (int c = 0; c < channels; ++c) {
      auto* plane = reinterpret_cast<float*>(frame->extended_data[c]);
      for (int i = 0; i < samples; ++i) plane[i] = interleaved[i * channels + c];
    }
    frame->pts = samples_;
    samples_ += samples;
    check(avcodec_send_frame(codec_.get(), frame.get()), doing_);
    write_ready_packets();
  }

  void finish() {
    check(avcodec_send_frame(codec_.get(), nullptr), doing_);
    write_ready_packets();
    check(av_write_trailer(matroska_.get()), doing_);
    io_.close();
  }

  std::int64_t packets() const { return packets_; }

 private:
  void write_ready_packets() {
    while (true) {
      const int code = avcodec_receive_packet(codec_.get(), packet_.get());
      if (code == AVERROR(EAGAIN) || code == AVERROR_EOF) return;
      check(code, doing_);
      av_packet_rescale_ts(packet_.get(), codec_->time_base, matroska_->streams[0]->time_base);
      check(av_write_frame(matroska_.get(), packet_.get()), doing_);
      av_packet_unref(packet_.get());
      ++packets_;
    }
  }

  std::string doing_;
  CodecHandle codec_;
  FileIo io_;
  OutputHandle matroska_;
  PacketHandle packet_ = new_packet();
  std::int64_t samples_ = 0;
  std::int64_t packets_ = 0;
};

}  // namespace

std::int64_t sound_packets(std::int64_t film_frames, int sample_rate) {
  const std::int64_t samples = film_frames * sample_rate / kFramesPerSecond + kAacPrimingSamples;
  return (samples + kAacPacketSamples - 1) / kAacPacketSamples;
}

void encode_sound(const std::filesystem::path& audio, Interval kept, std::int64_t film_frames,
                  const std::filesystem::path& out, const std::function<void(double seconds)>& progress) {
  const AudioInfo source = AudioReader(audio, kSpeechSampleRate, 1).info();
  const int rate = aac_rate_for(source.sample_rate);
  const int channels = std::min(source.channels, 2);
  FilmSound sound(audio, kept, film_frames, rate, channels);
  const std::int64_t film_samples = sound.samples_left();
  PartFile part(out);
  auto writer = std::make_unique<SoundWriter>(part.part(), rate, channels);
  std::vector<float> chunk(static_cast<std::size_t>(kAacPacketSamples * channels));
  while (sound.samples_left() > 0) {
    const std::int64_t samples = std::min(kAacPacketSamples, sound.samples_left());
    sound.read(chunk.data(), samples);
    writer->add(chunk.data(), static_cast<int>(samples));
    if (progress) progress(static_cast<double>(film_samples - sound.samples_left()) / rate);
  }
  writer->finish();
  if (writer->packets() != sound_packets(film_frames, rate)) {
    throw Error(ErrorKind::Bug, "the sound of " + std::to_string(film_frames) + " frames has " +
                                    std::to_string(writer->packets()) + " AAC packets, expected " +
                                    std::to_string(sound_packets(film_frames, rate)));
  }
  writer.reset();
  part.commit();
}

bool is_whole_sound(const std::filesystem::path& sound, std::int64_t film_frames) {
  try {
    TrackInput input(sound, TrackInput::Kind::Sound);
    std::int64_t packets = 0;
    while (input.next_packet() != nullptr) ++packets;
    return packets == sound_packets(film_frames, input.parameters().sample_rate);
  } catch (const Error&) {
    return false;
  }
}

}  // namespace longtake
