#include "storage/media/sample_converter.h"

#include <algorithm>

extern "C" {
#include <libavutil/channel_layout.h>
#include <libavutil/frame.h>
#include <libavutil/opt.h>
#include <libswresample/swresample.h>
}

namespace longtake {
namespace {

/// Files that only count their channels get FFmpeg's usual order for that count.
AVChannelLayout named_layout(const AVFrame& frame) {
  AVChannelLayout layout = {};
  if (frame.ch_layout.order == AV_CHANNEL_ORDER_UNSPEC) {
    av_channel_layout_default(&layout, frame.ch_layout.nb_channels);
  } else {
    check(av_channel_layout_copy(&layout, &frame.ch_layout), "cannot copy a channel layout");
  }
  return layout;
}

std::int64_t ceil_div(std::int64_t numerator, std::int64_t denominator) {
  return (numerator + denominator - 1) / denominator;
}

}  // namespace

SampleConverter::SampleConverter(int target_rate, int target_channels)
    : target_rate_(target_rate), target_channels_(target_channels) {}

bool SampleConverter::continues_stretch(const AVFrame& frame) const {
  return resampler_ != nullptr && stretch_->format == frame.format &&
         stretch_->sample_rate == frame.sample_rate &&
         av_channel_layout_compare(&stretch_->ch_layout, &frame.ch_layout) == 0;
}

void SampleConverter::start_stretch(const AVFrame& frame) {
  stretch_->format = frame.format;
  stretch_->sample_rate = frame.sample_rate;
  check(av_channel_layout_copy(&stretch_->ch_layout, &frame.ch_layout), "cannot copy a channel layout");
  AVChannelLayout from = named_layout(frame);
  AVChannelLayout to = {};
  av_channel_layout_default(&to, target_channels_);
  SwrContext* made = nullptr;
  const int code =
      swr_alloc_set_opts2(&made, &to, AV_SAMPLE_FMT_FLT, target_rate_, &from,
                          static_cast<AVSampleFormat>(frame.format), frame.sample_rate, 0, nullptr);
  resampler_.reset(made);
  av_channel_layout_uninit(&from);
  check(code, "cannot set the resampler up");
  // Without this a mix to fewer channels in float may be louder than full scale.
  check(av_opt_set_double(made, "rematrix_maxval", 1.0, 0), "cannot set the resampler up");
  check(swr_init(made), "cannot set the resampler up");
  samples_in_ = 0;
  samples_out_ = 0;
}

void SampleConverter::add(const AVFrame& frame) {
  if (!continues_stretch(frame)) {
    end_stretch();
    start_stretch(frame);
  }
  samples_in_ += frame.nb_samples;
  convert(const_cast<const std::uint8_t**>(frame.extended_data), frame.nb_samples);
}

void SampleConverter::convert(const std::uint8_t** planes, int samples) {
  ready_.erase(ready_.begin(), ready_.begin() + static_cast<std::ptrdiff_t>(taken_));
  taken_ = 0;
  const int room = check(swr_get_out_samples(resampler_.get(), samples), "cannot resample");
  const auto channels = static_cast<std::size_t>(target_channels_);
  const std::size_t old_size = ready_.size();
  ready_.resize(old_size + static_cast<std::size_t>(room) * channels);
  auto* out = reinterpret_cast<std::uint8_t*>(ready_.data() + old_size);
  const int made = check(swr_convert(resampler_.get(), &out, room, planes, samples), "cannot resample");
  ready_.resize(old_size + static_cast<std::size_t>(made) * channels);
  samples_out_ += made;
}

void SampleConverter::end_stretch() {
  if (resampler_ == nullptr) return;
  convert(nullptr, 0);
  const std::int64_t wanted = ceil_div(samples_in_ * target_rate_, stretch_->sample_rate);
  // One sample too many or too few, as the filter's phase falls; never more than its length.
  const std::int64_t floats = (wanted - samples_out_) * target_channels_;
  ready_.resize(
      static_cast<std::size_t>(std::max<std::int64_t>(0, static_cast<std::int64_t>(ready_.size()) + floats)));
  resampler_.reset();
}

void SampleConverter::finish() { end_stretch(); }

std::size_t SampleConverter::take(float* out, std::size_t max_samples) {
  const auto channels = static_cast<std::size_t>(target_channels_);
  const std::size_t samples = std::min(max_samples, (ready_.size() - taken_) / channels);
  std::copy_n(ready_.data() + taken_, samples * channels, out);
  taken_ += samples * channels;
  return samples;
}

}  // namespace longtake
