#include "storage/media/audio_reader.h"

#include "storage/media/audio_decoder.h"
#include "storage/media/sample_converter.h"

extern "C" {
#include <libavutil/frame.h>
#include <libavutil/mathematics.h>
}

namespace longtake {

struct AudioReader::Impl {
  Impl(const std::filesystem::path& path, int rate, int channels)
      : decoder(path), converter(rate, channels) {}

  /// False at the end of the file.
  bool decode_more() {
    if (is_finished) return false;
    const AVFrame* frame = decoder.next();
    if (frame == nullptr) {
      converter.finish();
      is_finished = true;
      return true;
    }
    converter.add(*frame);
    source_samples += av_rescale(frame->nb_samples, decoder.info().sample_rate, frame->sample_rate);
    return true;
  }

  AudioDecoder decoder;
  SampleConverter converter;
  std::int64_t source_samples = 0;
  bool is_finished = false;
};

AudioReader::AudioReader(const std::filesystem::path& path, int target_rate, int target_channels)
    : impl_(std::make_unique<Impl>(path, target_rate, target_channels)) {
  // Only decoding tells whether there is sound at all.
  impl_->decode_more();
  if (impl_->source_samples == 0) {
    throw Error(ErrorKind::InvalidInput,
                "audio " + path.string() + " holds no sound: not one sample could be decoded");
  }
}

AudioReader::~AudioReader() = default;
AudioReader::AudioReader(AudioReader&&) noexcept = default;
AudioReader& AudioReader::operator=(AudioReader&&) noexcept = default;

const AudioInfo& AudioReader::info() const { return impl_->decoder.info(); }

std::size_t AudioReader::read(float* out, std::size_t max_samples) {
  if (max_samples == 0) return 0;
  while (true) {
    const std::size_t samples = impl_->converter.take(out, max_samples);
    if (samples > 0 || !impl_->decode_more()) return samples;
  }
}

std::int64_t AudioReader::source_samples() const { return impl_->source_samples; }
std::int64_t AudioReader::corrupt_packets() const { return impl_->decoder.corrupt_packets(); }

}  // namespace longtake
