#include "rank/engine/vae/frame_layers.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "rank/engine/compute_threads.h"
#include "rank/engine/kernels/pixel_norm.h"
#include "rank/engine/profile_scopes.h"
#include "rank/engine/vae/gpu_conv.h"
#include "rank/engine/vector_math.h"

namespace longtake {
namespace {

/// So many pixels attend to all at a time, whatever the size of a frame; on a GPU as many as scores of this
/// size have rows.
constexpr std::int64_t kTilePixels = 256;
constexpr std::int64_t kGpuScores = 64 << 20;

constexpr std::int64_t kNormPixels = 2048;

// P pixels, Q some of them
void attend(const at::Tensor& out_PC, const std::vector<at::Tensor>& qkv_PC) {
  const at::Tensor k_CP = qkv_PC[1].t();
  const double scale = 1 / std::sqrt(static_cast<double>(out_PC.size(1)));
  const std::int64_t gpu_tile = std::max<std::int64_t>(1, kGpuScores / out_PC.size(0));
  const TileCut pixels(out_PC.size(0), out_PC.is_cpu() ? kTilePixels : gpu_tile);
  for_each_tile(out_PC.device(), pixels.count, [&](std::int64_t tile) {
    const std::int64_t first = pixels.begin(tile), count = pixels.size_of(tile);
    const at::Tensor scores_QP = at::mm(qkv_PC[0].narrow(0, first, count) * scale, k_CP);
    at::Tensor out_QC = out_PC.narrow(0, first, count);
    at::mm_out(out_QC, at::softmax(scores_QP, -1), qkv_PC[2]);
  });
}

/// On a GPU: norm and SiLU of x + bias, written to where they are convolved. Without the convolution's bias.
at::Tensor conv_of_normed(const CausalConv& conv, const ChannelNorm& norm, const at::Tensor& x_TCHW,
                          const at::Tensor& bias_C, VaeStream& stream) {
  const at::Tensor frames_NCHW = conv.room_for(x_TCHW, stream);
  norm.silu_into(conv.newest(frames_NCHW), x_TCHW, bias_C);
  return conv.over(frames_NCHW, stream);
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

at::Tensor ChannelNorm::with_silu(const at::Tensor& x_TCHW) const {
  if (!x_TCHW.is_cpu() || x_TCHW.scalar_type() != at::kFloat) {
    at::Tensor normed_TCHW = (*this)(x_TCHW);
    return at::silu_(normed_TCHW);
  }
  const at::Tensor out_TCHW = at::empty_like(x_TCHW, x_TCHW.options(), at::MemoryFormat::ChannelsLast);
  const std::int64_t channels = x_TCHW.size(1);
  const float *from = x_TCHW.data_ptr<float>(), *gain = gain_C11_.data_ptr<float>();
  float* to = out_TCHW.data_ptr<float>();
  const TileCut pixels(x_TCHW.numel() / channels, kNormPixels);
  for_each_tile(x_TCHW.device(), pixels.count, [&](std::int64_t tile) {
    RECORD_USER_SCOPE(kPointwiseScope);
    const std::int64_t first = pixels.begin(tile) * channels;
    normed_silu_of(to + first, from + first, gain, pixels.size_of(tile), channels);
  });
  return out_TCHW;
}

void ChannelNorm::silu_into(const at::Tensor& out_TCHW, const at::Tensor& x_TCHW,
                            const at::Tensor& bias_C) const {
  normed_silu_into(pixels_of(out_TCHW), pixels_of(x_TCHW), bias_C, gain_C11_.flatten());
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
  if (!x_TCHW.is_cpu()) return on_gpu(x_TCHW, stream);
  at::Tensor h_TOHW = conv_in_(norm_in_.with_silu(x_TCHW), stream);
  h_TOHW = norm_out_.with_silu(h_TOHW);  // one frame-sized tensor less while the next layer runs
  return conv_out_(h_TOHW, stream, shortcut_ ? (*shortcut_)(x_TCHW) : x_TCHW);
}

/// The first convolution's bias goes into the norm behind it, the second's into the sum.
at::Tensor ResidualBlock::on_gpu(const at::Tensor& x_TCHW, VaeStream& stream) const {
  at::Tensor h_TOHW = conv_of_normed(conv_in_, norm_in_, x_TCHW, /*bias=*/{}, stream);
  h_TOHW = conv_of_normed(conv_out_, norm_out_, h_TOHW, conv_in_.bias_O(), stream);
  const at::Tensor plus_TOHW = shortcut_ ? (*shortcut_)(x_TCHW) : x_TCHW;
  add_bias_(pixels_of(h_TOHW), conv_out_.bias_O(), pixels_of(plus_TOHW));
  return h_TOHW;
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
  const at::Tensor out_TPC = at::empty({frames, height * width, channels}, qkv_TPC.options());
  for (std::int64_t frame = 0; frame < frames; ++frame) {
    attend(out_TPC[frame], qkv_TPC[frame].chunk(3, -1));
  }
  const at::Tensor out_TCHW = out_TPC.reshape({frames, height, width, channels}).permute({0, 3, 1, 2});
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
  if (x_TCHW.is_cpu()) return conv_(norm_.with_silu(x_TCHW), stream);
  const at::Tensor out_TOHW = conv_of_normed(conv_, norm_, x_TCHW, /*bias=*/{}, stream);
  add_bias_(pixels_of(out_TOHW), conv_.bias_O(), /*plus=*/{});
  return out_TOHW;
}

}  // namespace longtake
