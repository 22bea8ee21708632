#include "rank/engine/transformer/audio_encoder.h"

#include "rank/engine/kernels/activation.h"

namespace longtake {
namespace {

constexpr std::int64_t kKernel = 3;
constexpr double kNormEps = 1e-6;

/// Video frames before a latent frame's four that its tokens still depend on. Three causal convolutions of
/// kernel 3 reach 2 + 2 + 2 * 2 frames back from the newest of the four: five before the oldest.
constexpr std::int64_t kReach = 5;

Linear take_convolution(const Weights& weights, const std::string& name, std::int64_t inputs,
                        std::int64_t outputs) {
  return take_linear(weights, name + ".conv", inputs, outputs, {kKernel}).in_float32();
}

/// Each output frame sees its own and the two inputs before it; the first frame stands in for those
/// before the beginning.
at::Tensor causal(const Linear& kernel, std::int64_t stride, const at::Tensor& x_BVC) {
  const at::Tensor before = x_BVC.narrow(1, 0, 1).expand({-1, kKernel - 1, -1});
  const at::Tensor windows = at::cat({before, x_BVC}, 1).unfold(1, kKernel, stride);  // [B, V', C, kernel]
  const at::Tensor out = kernel(windows.reshape({windows.size(0) * windows.size(1), -1}));
  return out.view({windows.size(0), windows.size(1), -1});
}

at::Tensor normed_silu(const at::Tensor& x_BVC) {
  const at::Tensor normed = at::layer_norm(x_BVC, {x_BVC.size(-1)}, {}, {}, kNormEps);
  silu_(normed.flatten(0, 1));
  return normed;
}

}  // namespace

AudioEncoder::AudioEncoder(const TransformerConfig& config, const Weights& weights)
    : heads_(config.audio_heads) {
  const Weights own = weights.select("casual_audio_encoder.");
  const Weights encoder = own.select("encoder.");
  const std::int64_t dim = config.dim;
  first_local_ = take_convolution(encoder, "conv1_local", config.audio_dim, dim / 4 * heads_);
  first_global_ = take_convolution(encoder, "conv1_global", config.audio_dim, dim / 4);
  second_ = take_convolution(encoder, "conv2", dim / 4, dim / 2);
  third_ = take_convolution(encoder, "conv3", dim / 2, dim);
  final_ = take_linear(encoder, "final_linear", dim, dim).in_float32();
  padding_D_ = encoder.take("padding_tokens", {1, 1, 1, dim}).to(at::kFloat).view({dim});
  layer_weights_Z_ = own.take("weights", {1, config.audio_layers, 1, 1}).to(at::kFloat).view({-1});
}

at::Tensor AudioEncoder::mixed_1VE(const at::Tensor& features_ZEV) const {
  const at::Tensor weights_Z = at::silu(layer_weights_Z_);
  const at::Tensor weighted = features_ZEV.to(layer_weights_Z_.options()) * weights_Z.view({-1, 1, 1});
  return (weighted / weights_Z.sum()).sum(0, /*keepdim=*/true).transpose(1, 2).contiguous();
}

/// What local and global tokens have in common.
at::Tensor AudioEncoder::downsampled_BFD(const at::Tensor& x_BVC) const {
  const at::Tensor second = normed_silu(causal(second_, 2, normed_silu(x_BVC)));
  return normed_silu(causal(third_, 2, second));
}

AudioTokens AudioEncoder::encode(const at::Tensor& features_ZEV) const {
  const at::Tensor mixed = mixed_1VE(features_ZEV);
  const std::int64_t frames = mixed.size(1);
  // Heads become a batch: the later convolutions treat all alike.
  const at::Tensor heads_BVC =
      causal(first_local_, 1, mixed).view({frames, heads_, -1}).transpose(0, 1).contiguous();
  const at::Tensor local_FND = downsampled_BFD(heads_BVC).transpose(0, 1);
  const at::Tensor padding = padding_D_.expand({local_FND.size(0), 1, padding_D_.size(0)});
  const at::Tensor global_FD = downsampled_BFD(causal(first_global_, 1, mixed)).squeeze(0);
  return {final_(global_FD), at::cat({local_FND, padding}, 1)};
}

AudioTokens AudioEncoder::block(const at::Tensor& features_ZEV) const {
  const std::int64_t latent_frames = features_ZEV.size(2) / 4;
  const at::Tensor before = features_ZEV.narrow(2, 0, 1).expand({-1, -1, kReach});
  const AudioTokens all = encode(at::cat({before, features_ZEV}, 2));
  const std::int64_t first = all.global_FD.size(0) - latent_frames;
  return {all.global_FD.narrow(0, first, latent_frames), all.local_FND.narrow(0, first, latent_frames)};
}

}  // namespace longtake
