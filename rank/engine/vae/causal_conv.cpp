#include "rank/engine/vae/causal_conv.h"

#include <algorithm>

#include "rank/engine/kernels/pixel_norm.h"
#include "rank/engine/vae/gpu_conv.h"

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

/// Those of the stream and those that follow, without a copy, with `zeros` frames of zeros in front.
FrameViews views_after_history(const at::Tensor& history, const at::Tensor& x_TCHW, std::int64_t zeros) {
  FrameViews frames(static_cast<std::size_t>(zeros));
  for (const at::Tensor& part : {history, x_TCHW}) {
    if (!part.defined()) continue;
    const FrameViews views = views_of(part);
    frames.insert(frames.end(), views.begin(), views.end());
  }
  return frames;
}

/// cuDNN's fast kernels are for pixels of whole 16 bytes; the three colours of a frame are none.
at::Tensor with_eight_out(const at::Tensor& weight_OCDKK) {
  constexpr std::int64_t kOctet = 8;
  const std::int64_t missing = std::max<std::int64_t>(0, kOctet - weight_OCDKK.size(0));
  return at::constant_pad_nd(weight_OCDKK, {0, 0, 0, 0, 0, 0, 0, 0, 0, missing});
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
  return conv_frames(kernel_.weight_OSKK, kernel_.bias_O, x_TCHW, padding, /*stride=*/1);
}

at::Tensor FrameConv::enlarge(const at::Tensor& x_TCHW) const {
  if (x_TCHW.is_cpu()) {
    ConvSteps steps;
    steps.enlarge = 2;
    return conv_by_bands(kernel_, views_of(x_TCHW), steps);
  }
  return (*this)(enlarged(x_TCHW, x_TCHW.size(1), /*bias=*/{}));
}

at::Tensor FrameConv::downsample(const at::Tensor& x_TCHW) const {
  if (x_TCHW.is_cpu()) {
    ConvSteps steps;
    steps.side = 2;
    return conv_by_bands(kernel_, views_of(x_TCHW), steps);
  }
  return conv_frames(kernel_.weight_OSKK, kernel_.bias_O, at::constant_pad_nd(x_TCHW, {0, 1, 0, 1}),
                     /*padding=*/0, /*stride=*/2);
}

CausalConv::CausalConv(const Weights& weights, const std::string& name, KernelSize size)
    : name_(name), depth_(size.depth) {
  const at::Tensor weight_OCDKK =
      weights.take(name + ".weight", {size.out, size.in, size.depth, size.side, size.side});
  const at::Tensor bias_O = weights.take(name + ".bias", {size.out});
  if (weight_OCDKK.is_cpu()) {
    kernel_ = StackedKernel::of(weight_OCDKK, bias_O);
  } else {
    weight_OCDKK_ = with_eight_out(weight_OCDKK).contiguous(at::MemoryFormat::ChannelsLast3d);
    kernel_.bias_O = bias_O;
  }
}

at::Tensor CausalConv::operator()(const at::Tensor& x_TCHW, VaeStream& stream, const at::Tensor& plus) const {
  if (!x_TCHW.is_cpu()) {
    const at::Tensor out_TOHW = without_bias(x_TCHW, stream);
    add_bias_(pixels_of(out_TOHW), kernel_.bias_O, plus.defined() ? pixels_of(plus) : plus);
    return out_TOHW;
  }
  at::Tensor& history = stream.history(name_);
  const at::Tensor before = history;
  history = last_frames(before, x_TCHW, depth_ - 1);
  const std::int64_t zeros = depth_ - 1 - (before.defined() ? before.size(0) : 0);
  return conv_by_bands(kernel_, views_after_history(before, x_TCHW, zeros), {}, plus);
}

at::Tensor CausalConv::without_bias(const at::Tensor& x_TCHW, VaeStream& stream) const {
  const at::Tensor frames_NCHW = room_for(x_TCHW, stream);
  newest(frames_NCHW).copy_(x_TCHW);
  return over(frames_NCHW, stream);
}

at::Tensor CausalConv::halve_time(const at::Tensor& x_TCHW, VaeStream& stream) const {
  at::Tensor& history = stream.history(name_);
  const at::Tensor before = history;
  history = last_frames({}, x_TCHW, 1);
  if (!x_TCHW.is_cpu()) {
    const at::Tensor out_TOHW = on_gpu(at::cat({before, x_TCHW}), /*stride=*/2);
    add_bias_(pixels_of(out_TOHW), kernel_.bias_O, /*plus=*/{});
    return out_TOHW;
  }
  ConvSteps steps;
  steps.time = 2;
  return conv_by_bands(kernel_, views_after_history(before, x_TCHW, 0), steps);
}

at::Tensor CausalConv::room_for(const at::Tensor& like_TCHW, VaeStream& stream) const {
  const at::Tensor& history = stream.history(name_);
  const std::int64_t known = history.defined() ? history.size(0) : 0, before = depth_ - 1;
  std::vector<std::int64_t> sizes = like_TCHW.sizes().vec();
  sizes[0] += before;
  const at::Tensor frames_NCHW = at::empty(sizes, like_TCHW.options(), at::MemoryFormat::ChannelsLast);
  frames_NCHW.narrow(0, 0, before - known).zero_();
  if (known > 0) frames_NCHW.narrow(0, before - known, known).copy_(history);
  return frames_NCHW;
}

at::Tensor CausalConv::newest(const at::Tensor& frames_NCHW) const {
  return frames_NCHW.narrow(0, depth_ - 1, frames_NCHW.size(0) - depth_ + 1);
}

at::Tensor CausalConv::over(const at::Tensor& frames_NCHW, VaeStream& stream) const {
  stream.history(name_) = last_frames({}, frames_NCHW, depth_ - 1);
  return on_gpu(frames_NCHW, /*stride=*/1);
}

at::Tensor CausalConv::on_gpu(const at::Tensor& frames_NCHW, std::int64_t stride) const {
  return conv_clip(weight_OCDKK_, frames_NCHW, stride).narrow(1, 0, kernel_.bias_O.size(0));
}

}  // namespace longtake
