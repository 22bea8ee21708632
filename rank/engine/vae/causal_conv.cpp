#include "rank/engine/vae/causal_conv.h"

#include <algorithm>

namespace longtake {
namespace {

/// The last `count` frames of `frames`, in memory of their own: a view would keep all of them alive.
at::Tensor last_frames(const at::Tensor& frames_NCHW, std::int64_t count) {
  const std::int64_t kept = std::min(count, frames_NCHW.size(0));
  return frames_NCHW.narrow(0, frames_NCHW.size(0) - kept, kept).clone();
}

at::Tensor after_history(const at::Tensor& history, const at::Tensor& x_TCHW) {
  if (!history.defined() || history.size(0) == 0) return x_TCHW;
  return at::cat({history, x_TCHW}, 0);
}

}  // namespace

at::Tensor channels_last(const at::Tensor& x_TCHW) {
  return x_TCHW.contiguous(at::MemoryFormat::ChannelsLast);
}

FrameConv::FrameConv(const Weights& weights, const std::string& name, KernelSize size, Stored stored)
    : side_(size.side) {
  at::Tensor weight = stored == Stored::As2d
                          ? weights.take(name + ".weight", {size.out, size.in, size.side, size.side})
                          : weights.take(name + ".weight", {size.out, size.in, 1, size.side, size.side});
  if (stored == Stored::As3d) weight = weight.squeeze(2);
  weight_OCKK_ = channels_last(weight);
  bias_O_ = weights.take(name + ".bias", {size.out});
}

at::Tensor FrameConv::operator()(const at::Tensor& x_TCHW) const {
  return at::conv2d(x_TCHW, weight_OCKK_, bias_O_, /*stride=*/1, /*padding=*/side_ / 2);
}

at::Tensor FrameConv::downsample(const at::Tensor& x_TCHW) const {
  return at::conv2d(at::constant_pad_nd(x_TCHW, {0, 1, 0, 1}), weight_OCKK_, bias_O_, /*stride=*/2);
}

CausalConv::CausalConv(const Weights& weights, const std::string& name, KernelSize size)
    : name_(name), depth_(size.depth) {
  const at::Tensor weight_OCDKK =
      weights.take(name + ".weight", {size.out, size.in, size.depth, size.side, size.side});
  bias_O_ = weights.take(name + ".bias", {size.out});
  if (!weight_OCDKK.is_cpu()) {
    weight_OCDKK_ = weight_OCDKK.contiguous(at::MemoryFormat::ChannelsLast3d);
    return;
  }
  for (std::int64_t time = 0; time < depth_; ++time) {
    slices_OCKK_.push_back(channels_last(weight_OCDKK.select(2, time)));
  }
}

at::Tensor CausalConv::operator()(const at::Tensor& x_TCHW, VaeStream& stream) const {
  at::Tensor& history = stream.history(name_);
  const at::Tensor frames_NCHW = after_history(history, x_TCHW);
  const std::int64_t zeros_before = depth_ - 1 - (frames_NCHW.size(0) - x_TCHW.size(0));
  history = last_frames(frames_NCHW, depth_ - 1);
  return convolve(frames_NCHW, zeros_before, /*stride=*/1);
}

at::Tensor CausalConv::halve_time(const at::Tensor& x_TCHW, VaeStream& stream) const {
  at::Tensor& history = stream.history(name_);
  const at::Tensor frames_NCHW = after_history(history, x_TCHW);
  history = last_frames(x_TCHW, 1);
  return convolve(frames_NCHW, /*zeros_before=*/0, /*stride=*/2);
}

at::Tensor CausalConv::convolve(const at::Tensor& frames_NCHW, std::int64_t zeros_before,
                                std::int64_t stride) const {
  if (slices_OCKK_.empty()) return conv_at_once(weight_OCDKK_, bias_O_, frames_NCHW, zeros_before, stride);
  return conv_by_slices(slices_OCKK_, bias_O_, frames_NCHW, zeros_before, stride);
}

at::Tensor conv_by_slices(const std::vector<at::Tensor>& slices_OCKK, const at::Tensor& bias_O,
                          const at::Tensor& frames_NCHW, std::int64_t zeros_before, std::int64_t stride) {
  const auto depth = static_cast<std::int64_t>(slices_OCKK.size());
  const std::int64_t frames_out = (frames_NCHW.size(0) + zeros_before - depth) / stride + 1;
  const std::int64_t padding = slices_OCKK.front().size(2) / 2;
  at::Tensor sum_TOHW;
  // The latest time first: it meets a real frame for every output, so it makes the whole sum.
  for (std::int64_t time = depth - 1; time >= 0; --time) {
    const std::int64_t first_out = (std::max<std::int64_t>(0, zeros_before - time) + stride - 1) / stride;
    if (first_out >= frames_out) continue;
    const std::int64_t first_in = first_out * stride + time - zeros_before;
    const std::int64_t last_in = first_in + (frames_out - first_out - 1) * stride;
    const at::Tensor in_MCHW = channels_last(frames_NCHW.slice(0, first_in, last_in + 1, stride));
    const bool is_first = !sum_TOHW.defined();
    const at::Tensor part_MOHW = at::conv2d(in_MCHW, slices_OCKK[static_cast<std::size_t>(time)],
                                            is_first ? bias_O : at::Tensor(), /*stride=*/1, padding);
    if (is_first) {
      sum_TOHW = part_MOHW;
    } else {
      sum_TOHW.narrow(0, first_out, frames_out - first_out).add_(part_MOHW);
    }
  }
  return sum_TOHW;
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
