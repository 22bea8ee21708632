#include "rank/engine/vae/causal_conv.h"

#include <algorithm>

namespace longtake {
namespace {

/// The last `count` of all frames, in memory of their own: a view would keep all of them alive.
at::Tensor last_frames(const at::Tensor& history, const at::Tensor& x_TCHW, std::int64_t count) {
  const std::int64_t kept = std::min(count, x_TCHW.size(0));
  const at::Tensor newest = x_TCHW.narrow(0, x_TCHW.size(0) - kept, kept);
  if (kept == count || !history.defined()) return newest.clone();
  const std::int64_t older = std::min(count - kept, history.size(0));
  // Joined to no frames, they would be in another memory order.
  return channels_last(at::cat({history.narrow(0, history.size(0) - older, older), newest}, 0));
}

at::Tensor after_history(const at::Tensor& history, const at::Tensor& x_TCHW) {
  if (!history.defined() || history.size(0) == 0) return x_TCHW;
  return at::cat({history, x_TCHW}, 0);
}

/// The same without a copy, with `zeros` frames of zeros in front.
FrameViews views_after_history(const at::Tensor& history, const at::Tensor& x_TCHW, std::int64_t zeros) {
  FrameViews frames(static_cast<std::size_t>(zeros));
  for (const at::Tensor& part : {history, x_TCHW}) {
    if (!part.defined()) continue;
    const FrameViews views = views_of(part);
    frames.insert(frames.end(), views.begin(), views.end());
  }
  return frames;
}

}  // namespace

at::Tensor channels_last(const at::Tensor& x_TCHW) {
  return x_TCHW.contiguous(at::MemoryFormat::ChannelsLast);
}

FrameConv::FrameConv(const Weights& weights, const std::string& name, KernelSize size, Stored stored) {
  at::Tensor weight_OCKK = stored == Stored::As2d
                               ? weights.take(name + ".weight", {size.out, size.in, size.side, size.side})
                               : weights.take(name + ".weight", {size.out, size.in, 1, size.side, size.side});
  if (stored == Stored::As3d) weight_OCKK = weight_OCKK.squeeze(2);
  kernel_ = StackedKernel::of(weight_OCKK.unsqueeze(2), weights.take(name + ".bias", {size.out}));
}

at::Tensor FrameConv::operator()(const at::Tensor& x_TCHW) const {
  if (x_TCHW.is_cpu()) return conv_by_bands(kernel_, views_of(x_TCHW), {});
  const std::int64_t padding = kernel_.weight_OSKK.size(2) / 2;
  return at::conv2d(x_TCHW, kernel_.weight_OSKK, kernel_.bias_O, /*stride=*/1, padding);
}

at::Tensor FrameConv::enlarge(const at::Tensor& x_TCHW) const {
  if (x_TCHW.is_cpu()) {
    ConvSteps steps;
    steps.enlarge = 2;
    return conv_by_bands(kernel_, views_of(x_TCHW), steps);
  }
  return (*this)(at::upsample_nearest2d(x_TCHW, {2 * x_TCHW.size(2), 2 * x_TCHW.size(3)}));
}

at::Tensor FrameConv::downsample(const at::Tensor& x_TCHW) const {
  if (x_TCHW.is_cpu()) {
    ConvSteps steps;
    steps.side = 2;
    return conv_by_bands(kernel_, views_of(x_TCHW), steps);
  }
  return at::conv2d(at::constant_pad_nd(x_TCHW, {0, 1, 0, 1}), kernel_.weight_OSKK, kernel_.bias_O,
                    /*stride=*/2);
}

CausalConv::CausalConv(const Weights& weights, const std::string& name, KernelSize size)
    : name_(name), depth_(size.depth) {
  const at::Tensor weight_OCDKK =
      weights.take(name + ".weight", {size.out, size.in, size.depth, size.side, size.side});
  const at::Tensor bias_O = weights.take(name + ".bias", {size.out});
  if (weight_OCDKK.is_cpu()) {
    kernel_ = StackedKernel::of(weight_OCDKK, bias_O);
  } else {
    weight_OCDKK_ = weight_OCDKK.contiguous(at::MemoryFormat::ChannelsLast3d);
    kernel_.bias_O = bias_O;
  }
}

at::Tensor CausalConv::operator()(const at::Tensor& x_TCHW, VaeStream& stream, const at::Tensor& plus) const {
  at::Tensor& history = stream.history(name_);
  const at::Tensor before = history;
  history = last_frames(before, x_TCHW, depth_ - 1);
  const std::int64_t zeros = depth_ - 1 - (before.defined() ? before.size(0) : 0);
  if (x_TCHW.is_cpu()) {
    return conv_by_bands(kernel_, views_after_history(before, x_TCHW, zeros), {}, plus);
  }
  const at::Tensor out_TOHW =
      conv_at_once(weight_OCDKK_, kernel_.bias_O, after_history(before, x_TCHW), zeros, /*stride=*/1);
  return plus.defined() ? out_TOHW + plus : out_TOHW;
}

at::Tensor CausalConv::halve_time(const at::Tensor& x_TCHW, VaeStream& stream) const {
  at::Tensor& history = stream.history(name_);
  const at::Tensor before = history;
  history = last_frames({}, x_TCHW, 1);
  if (!x_TCHW.is_cpu()) {
    const at::Tensor frames_NCHW = after_history(before, x_TCHW);
    return conv_at_once(weight_OCDKK_, kernel_.bias_O, frames_NCHW, /*zeros_before=*/0, /*stride=*/2);
  }
  ConvSteps steps;
  steps.time = 2;
  return conv_by_bands(kernel_, views_after_history(before, x_TCHW, 0), steps);
}

at::Tensor conv_at_once(const at::Tensor& weight_OCDKK, const at::Tensor& bias_O,
                        const at::Tensor& frames_NCHW, std::int64_t zeros_before, std::int64_t stride) {
  // The memory order T, H, W, C of the frames is that of a channels-last clip: no copy is made.
  at::Tensor clip_1CNHW = frames_NCHW.transpose(0, 1).unsqueeze(0);
  if (zeros_before > 0) clip_1CNHW = at::constant_pad_nd(clip_1CNHW, {0, 0, 0, 0, zeros_before, 0});
  const std::int64_t padding = weight_OCDKK.size(3) / 2;
  const at::Tensor out_1OTHW =
      at::conv3d(clip_1CNHW, weight_OCDKK, bias_O, {stride, 1, 1}, {0, padding, padding});
  return out_1OTHW.squeeze(0).transpose(0, 1);
}

}  // namespace longtake
