#include "rank/engine/vae/frame_layers.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace longtake {
namespace {

/// At most so many attention scores exist at once, whatever the size of a frame.
constexpr std::int64_t kMostScores = 4 << 20;

// P pixels, Q some of them
at::Tensor attend(const at::Tensor& q_PC, const at::Tensor& k_PC, const at::Tensor& v_PC) {
  const std::int64_t pixels = q_PC.size(0);
  const std::int64_t tile = std::max<std::int64_t>(1, kMostScores / pixels);
  const at::Tensor scaled_q_PC = q_PC / std::sqrt(static_cast<double>(q_PC.size(1)));
  const at::Tensor k_CP = k_PC.t();
  std::vector<at::Tensor> parts_QC;
  for (std::int64_t first = 0; first < pixels; first += tile) {
    const std::int64_t count = std::min(tile, pixels - first);
    const at::Tensor scores_QP = at::mm(scaled_q_PC.narrow(0, first, count), k_CP);
    parts_QC.push_back(at::mm(at::softmax(scores_QP, -1), v_PC));
  }
  return at::cat(parts_QC, 0);
}

at::Tensor norm_and_silu(const ChannelNorm& norm, const at::Tensor& x_TCHW) {
  at::Tensor normed_TCHW = norm(x_TCHW);
  return at::silu_(normed_TCHW);
}

}  // namespace

ChannelNorm::ChannelNorm(const Weights& weights, const std::string& name, std::int64_t channels,
                         int trailing_dims) {
  std::vector<std::int64_t> shape(static_cast<std::size_t>(trailing_dims) + 1, 1);
  shape.front() = channels;
  const double length = std::sqrt(static_cast<double>(channels));
  gain_C11_ = weights.take(name + ".gamma", shape).reshape({channels, 1, 1}) * length;
}

at::Tensor ChannelNorm::operator()(const at::Tensor& x_TCHW) const {
  constexpr double kShortest = 1e-12;  // what torch.nn.functional.normalize divides by at least
  const at::Tensor length_T1HW = at::linalg_vector_norm(x_TCHW, 2, at::IntArrayRef{1}, /*keepdim=*/true);
  return (x_TCHW / length_T1HW.clamp_min(kShortest)).mul_(gain_C11_);
}

ResidualBlock::ResidualBlock(const Weights& weights, const std::string& name, std::int64_t in,
                             std::int64_t out)
    : norm_in_(weights, name + ".residual.0", in, 3),
      conv_in_(weights, name + ".residual.2", {in, out, 3, 3}),
      norm_out_(weights, name + ".residual.3", out, 3),
      conv_out_(weights, name + ".residual.6", {out, out, 3, 3}) {
  if (in != out) shortcut_.emplace(weights, name + ".shortcut", KernelSize{in, out}, FrameConv::Stored::As3d);
}

at::Tensor ResidualBlock::operator()(const at::Tensor& x_TCHW, VaeStream& stream) const {
  at::Tensor h_TOHW = conv_in_(norm_and_silu(norm_in_, x_TCHW), stream);
  h_TOHW = norm_and_silu(norm_out_, h_TOHW);  // one frame-sized tensor less while the next layer runs
  at::Tensor out_TOHW = conv_out_(h_TOHW, stream);
  return out_TOHW.add_(shortcut_ ? (*shortcut_)(x_TCHW) : x_TCHW);
}

FrameAttention::FrameAttention(const Weights& weights, const std::string& name, std::int64_t channels)
    : norm_(weights, name + ".norm", channels, 2),
      to_qkv_(weights, name + ".to_qkv", {channels, 3 * channels}, FrameConv::Stored::As2d),
      projection_(weights, name + ".proj", {channels, channels}, FrameConv::Stored::As2d) {}

at::Tensor FrameAttention::operator()(const at::Tensor& x_TCHW) const {
  const std::int64_t frames = x_TCHW.size(0), channels = x_TCHW.size(1);
  const std::int64_t height = x_TCHW.size(2), width = x_TCHW.size(3);
  const at::Tensor qkv_TPC =
      to_qkv_(norm_(x_TCHW)).permute({0, 2, 3, 1}).reshape({frames, height * width, 3 * channels});
  std::vector<at::Tensor> attended;
  for (std::int64_t frame = 0; frame < frames; ++frame) {
    const std::vector<at::Tensor> qkv_PC = qkv_TPC[frame].chunk(3, -1);
    attended.push_back(attend(qkv_PC[0], qkv_PC[1], qkv_PC[2]));
  }
  const at::Tensor out_TCHW =
      at::stack(attended).reshape({frames, height, width, channels}).permute({0, 3, 1, 2});
  return projection_(out_TCHW).add_(x_TCHW);
}

MiddleBlocks::MiddleBlocks(const Weights& weights, const std::string& name, std::int64_t channels)
    : first_(weights, name + ".0", channels, channels),
      attention_(weights, name + ".1", channels),
      last_(weights, name + ".2", channels, channels) {}

at::Tensor MiddleBlocks::operator()(const at::Tensor& x_TCHW, VaeStream& stream) const {
  return last_(attention_(first_(x_TCHW, stream)), stream);
}

Head::Head(const Weights& weights, const std::string& name, std::int64_t in, std::int64_t out)
    : norm_(weights, name + ".0", in, 3), conv_(weights, name + ".2", {in, out, 3, 3}) {}

at::Tensor Head::operator()(const at::Tensor& x_TCHW, VaeStream& stream) const {
  return conv_(norm_and_silu(norm_, x_TCHW), stream);
}

}  // namespace longtake
