#include "rank/engine/vae/resample.h"

#include "rank/engine/vae/gpu_conv.h"

namespace longtake {
namespace {

/// [T, 2 C, H, W] to [2 T, C, H, W], one copy: the first C channels are the even frame, the others the odd
/// one.
at::Tensor even_and_odd(const at::Tensor& pairs_TCHW) {
  const std::int64_t frames = pairs_TCHW.size(0), channels = pairs_TCHW.size(1) / 2;
  const std::int64_t height = pairs_TCHW.size(2), width = pairs_TCHW.size(3);
  const at::Tensor pairs_THW2C = pairs_TCHW.permute({0, 2, 3, 1}).view({frames, height, width, 2, channels});
  const at::Tensor frames_T2HWC = pairs_THW2C.permute({0, 3, 1, 2, 4}).contiguous();
  return frames_T2HWC.view({2 * frames, height, width, channels}).permute({0, 3, 1, 2});
}

}  // namespace

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
  if (!time_conv_ || begins(x_TCHW, stream)) return conv_.enlarge(x_TCHW);
  // What a tensor was before is gone when the next operation runs.
  if (x_TCHW.is_cpu()) {
    at::Tensor frames_TCHW = (*time_conv_)(x_TCHW, stream);
    frames_TCHW = even_and_odd(frames_TCHW);
    return conv_.enlarge(frames_TCHW);
  }
  at::Tensor frames_TCHW = time_conv_->without_bias(x_TCHW, stream);
  frames_TCHW = enlarged(frames_TCHW, x_TCHW.size(1), time_conv_->bias_O());
  return conv_(frames_TCHW);
}

/// The first frame passes, and the second sees zeros in its place: the model was trained so.
bool Upsample::begins(const at::Tensor& x_TCHW, VaeStream& stream) const {
  at::Tensor& history = stream.history(time_conv_->name());
  if (history.defined()) return false;
  history = x_TCHW.narrow(0, 0, 0).clone();
  return true;
}

}  // namespace longtake
