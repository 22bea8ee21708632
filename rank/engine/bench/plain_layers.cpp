#include "rank/engine/bench/plain_layers.h"

#include <cmath>

#include "rank/engine/torch_compat.h"

namespace longtake {
namespace {

/// Root mean square norm, the mean in float32.
at::Tensor rms_norm(const at::Tensor& x_LD, const at::Tensor& weight_D, double eps) {
  const at::Tensor wide_LD = x_LD.to(at::kFloat);
  const at::Tensor scale_L1 = (wide_LD.square().mean(-1, /*keepdim=*/true) + eps).rsqrt();
  return (wide_LD * scale_L1).to(x_LD.scalar_type()) * weight_D;
}

at::Tensor attend(const at::Tensor& query, const at::Tensor& keys, const at::Tensor& values) {
#if LONGTAKE_TORCH_AT_LEAST(2, 0)
  return at::scaled_dot_product_attention(query, keys, values);
#else
  const double scale = 1.0 / std::sqrt(static_cast<double>(query.size(-1)));
  return at::matmul(at::softmax(at::matmul(query, keys.transpose(-2, -1)) * scale, -1), values);
#endif
}

}  // namespace

PlainLayers::PlainLayers(const TransformerConfig& config, const ClipShape& clip, Interval layers,
                         const at::TensorOptions& options)
    : config_(config), layers_(layers), options_(options), frames_(kBlockLatentFrames) {
  const TokenGrid grid = clip.block_grid();
  const std::int64_t block = grid.tokens(), heads = config.heads, head = config.head_dim();
  const std::int64_t kept = sink_tokens(grid) + (clip.blocks - 1) * block;
  const std::int64_t sounds = config.audio_heads + 1;
  self_ = attention();
  text_ = attention();
  audio_ = attention();
  in_ = linear(config.dim, config.ffn_dim);
  out_ = linear(config.ffn_dim, config.dim);
  modulation_6D_ = random({6, config.dim}).to(at::kFloat);
  const at::Tensor angle_LK = random({block, 1, head / 2}).to(at::kFloat);
  turn_LK_ = at::polar(at::ones_like(angle_LK), angle_LK);
  kept_keys_ = random({1, heads, kept, head});
  kept_values_ = random({1, heads, kept, head});
  text_keys_ = random({1, heads, config.text_len, head});
  text_values_ = random({1, heads, config.text_len, head});
  audio_keys_ = random({frames_, heads, sounds, head});
  audio_values_ = random({frames_, heads, sounds, head});
  hidden_LD_ = random({block, config.dim});
}

at::Tensor PlainLayers::random(at::IntArrayRef shape) const { return at::randn(shape, options_); }

PlainLayers::Linear PlainLayers::linear(std::int64_t in, std::int64_t out) const {
  return {random({out, in}).div_(std::sqrt(static_cast<double>(in))), at::zeros({out}, options_)};
}

PlainLayers::Attention PlainLayers::attention() const {
  const std::int64_t width = config_.dim;
  return {linear(width, width), linear(width, width),        linear(width, width),
          linear(width, width), at::ones({width}, options_), at::ones({width}, options_)};
}

/// [L, D] -> [1, H, L, K]
at::Tensor PlainLayers::heads_of(const at::Tensor& x) const {
  return x.view({1, x.size(0), config_.heads, config_.head_dim()}).transpose(1, 2);
}

at::Tensor PlainLayers::turned(const at::Tensor& x_LD) const {
  const at::Tensor pairs = x_LD.to(at::kFloat).view({x_LD.size(0), config_.heads, -1, 2});
  const at::Tensor turned = at::view_as_real(at::view_as_complex(pairs) * turn_LK_);
  return turned.reshape(x_LD.sizes()).to(x_LD.scalar_type());
}

at::Tensor PlainLayers::modulated(const at::Tensor& x_LD, std::int64_t shift) const {
  const at::Tensor normed_LD = at::layer_norm(x_LD.to(at::kFloat), {config_.dim}, {}, {}, config_.eps);
  return (normed_LD * (modulation_6D_[shift + 1] + 1) + modulation_6D_[shift]).to(x_LD.scalar_type());
}

at::Tensor PlainLayers::self_attend(const at::Tensor& x_LD) const {
  const auto apply = [&](const Linear& weights) { return at::linear(x_LD, weights.weight, weights.bias); };
  const at::Tensor query_LD = turned(rms_norm(apply(self_.query), self_.query_norm_D, config_.eps));
  const at::Tensor key_LD = turned(rms_norm(apply(self_.key), self_.key_norm_D, config_.eps));
  const at::Tensor keys = at::cat({kept_keys_, heads_of(key_LD)}, 2);
  const at::Tensor values = at::cat({kept_values_, heads_of(apply(self_.value))}, 2);
  const at::Tensor gathered = attend(heads_of(query_LD), keys, values).transpose(1, 2).reshape(x_LD.sizes());
  return at::linear(gathered, self_.output.weight, self_.output.bias);
}

/// `batches`: parts of the block that attend each to keys of their own.
at::Tensor PlainLayers::cross(const Attention& weights, const at::Tensor& x_LD, const at::Tensor& keys,
                              const at::Tensor& values, std::int64_t batches) const {
  const at::Tensor query_LD =
      rms_norm(at::linear(x_LD, weights.query.weight, weights.query.bias), weights.query_norm_D, config_.eps);
  const at::Tensor query = query_LD.view({batches, -1, config_.heads, config_.head_dim()}).transpose(1, 2);
  const at::Tensor gathered = attend(query, keys, values).transpose(1, 2).reshape(x_LD.sizes());
  return at::linear(gathered, weights.output.weight, weights.output.bias);
}

void PlainLayers::run_layer(bool hears) {
  at::Tensor x_LD = hidden_LD_;
  const auto gate = [&](std::int64_t index) { return modulation_6D_[index].to(x_LD.scalar_type()); };
  x_LD = x_LD + self_attend(modulated(x_LD, 0)) * gate(2);
  const at::Tensor asking_LD = at::layer_norm(x_LD, {config_.dim}, text_.query_norm_D, {}, config_.eps);
  x_LD = x_LD + cross(text_, asking_LD, text_keys_, text_values_, 1);
  const at::Tensor inner = at::gelu(at::linear(modulated(x_LD, 3), in_.weight, in_.bias), "tanh");
  x_LD = x_LD + at::linear(inner, out_.weight, out_.bias) * gate(5);
  if (hears) x_LD = x_LD + cross(audio_, modulated(x_LD, 0), audio_keys_, audio_values_, frames_);
  hidden_LD_ = x_LD;
}

void PlainLayers::run() {
  const at::Tensor begin_LD = hidden_LD_;
  for (std::int64_t layer = layers_.begin; layer < layers_.end; ++layer) {
    run_layer(config_.injector_of(layer).has_value());
  }
  hidden_LD_ = begin_LD;  // the same for every block
}

}  // namespace longtake
