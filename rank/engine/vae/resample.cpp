#include "rank/engine/vae/resample.h"

namespace longtake {

Downsample::Downsample(const Weights& weights, const std::string& name, std::int64_t channels,
                       bool halves_time)
    : conv_(weights, name + ".resample.1", {channels, channels, 1, 3}, FrameConv::Stored::As2d) {
  if (halves_time) time_conv_.emplace(weights, name + ".time_conv", KernelSize{channels, channels, 3, 1});
}

at::Tensor Downsample::operator()(const at::Tensor& x_TCHW, VaeStream& stream) const {
  at::Tensor small_TCHW = conv_.downsample(x_TCHW);
  if (!time_conv_) return small_TCHW;
  at::Tensor& history = stream.history(time_conv_->name());
  if (history.defined()) return time_conv_->halve_time(small_TCHW, stream);
  history = small_TCHW.clone();
  return small_TCHW;
}

Upsample::Upsample(const Weights& weights, const std::string& name, std::int64_t channels, bool doubles_time)
    : conv_(weights, name + ".resample.1", {channels, channels / 2, 1, 3}, FrameConv::Stored::As2d) {
  if (doubles_time) {
    time_conv_.emplace(weights, name + ".time_conv", KernelSize{channels, 2 * channels, 3, 1});
  }
}

at::Tensor Upsample::operator()(const at::Tensor& x_TCHW, VaeStream& stream) const {
  return conv_.enlarge(time_conv_ ? double_time(x_TCHW, stream) : x_TCHW);
}

at::Tensor Upsample::double_time(const at::Tensor& x_TCHW, VaeStream& stream) const {
  at::Tensor& history = stream.history(time_conv_->name());
  if (!history.defined()) {
    // The first frame passes, and the second sees zeros in its place: the model was trained so.
    history = x_TCHW.narrow(0, 0, 0).clone();
    return x_TCHW;
  }
  const std::int64_t frames = x_TCHW.size(0), channels = x_TCHW.size(1);
  const std::int64_t height = x_TCHW.size(2), width = x_TCHW.size(3);
  // The first C of the 2 C channels are the even frame, the others the odd one.
  const at::Tensor pairs_TCHW = (*time_conv_)(x_TCHW, stream);
  const at::Tensor split_T2CHW = pairs_TCHW.reshape({frames, 2, channels, height, width});
  return channels_last(split_T2CHW.reshape({2 * frames, channels, height, width}));
}

}  // namespace longtake
