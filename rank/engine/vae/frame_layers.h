#pragma once

#include <ATen/ATen.h>

#include <optional>
#include <string>

#include "rank/engine/vae/causal_conv.h"
#include "rank/engine/vae/vae_stream.h"
#include "rank/engine/weights/weights.h"

/// The layers of the video VAE that keep the size of their frames.
// T frames, C channels in, O channels out, H height, W width
namespace longtake {

/// Each pixel scaled to a length of sqrt(C) over its channels, times `name`.gamma.
class ChannelNorm {
 public:
  /// `trailing_dims`: ones after C in the stored gamma, 3 in video layers, 2 in the attention.
  ChannelNorm(const Weights& weights, const std::string& name, std::int64_t channels, int trailing_dims);

  at::Tensor operator()(const at::Tensor& x_TCHW) const;

  /// And SiLU of that.
  at::Tensor with_silu(const at::Tensor& x_TCHW) const;

  /// The same on a GPU, of x + bias where `bias` is defined.
  void silu_into(const at::Tensor& out_TCHW, const at::Tensor& x_TCHW, const at::Tensor& bias_C) const;

 private:
  at::Tensor gain_C11_;
};

/// x plus two causal convolutions of it, each after norm and SiLU; x itself through a 1 x 1 convolution
/// when the number of channels changes.
class ResidualBlock {
 public:
  ResidualBlock(const Weights& weights, const std::string& name, std::int64_t in, std::int64_t out);
  at::Tensor operator()(const at::Tensor& x_TCHW, VaeStream& stream) const;

 private:
  at::Tensor on_gpu(const at::Tensor& x_TCHW, VaeStream& stream) const;

  ChannelNorm norm_in_;
  CausalConv conv_in_;
  ChannelNorm norm_out_;
  CausalConv conv_out_;
  std::optional<FrameConv> shortcut_;
};

/// x plus single-head self-attention among the pixels of each frame.
class FrameAttention {
 public:
  FrameAttention(const Weights& weights, const std::string& name, std::int64_t channels);
  at::Tensor operator()(const at::Tensor& x_TCHW) const;

 private:
  ChannelNorm norm_;
  FrameConv to_qkv_;
  FrameConv projection_;
};

/// What stands at the lowest resolution of encoder and decoder: residual, attention, residual.
class MiddleBlocks {
 public:
  MiddleBlocks(const Weights& weights, const std::string& name, std::int64_t channels);
  at::Tensor operator()(const at::Tensor& x_TCHW, VaeStream& stream) const;

 private:
  ResidualBlock first_;
  FrameAttention attention_;
  ResidualBlock last_;
};

/// Norm, SiLU and causal convolution to the channels of the result.
class Head {
 public:
  Head(const Weights& weights, const std::string& name, std::int64_t in, std::int64_t out);
  at::Tensor operator()(const at::Tensor& x_TCHW, VaeStream& stream) const;

 private:
  ChannelNorm norm_;
  CausalConv conv_;
};

}  // namespace longtake
