#include "rank/engine/audio/wav2vec2.h"

#include <cmath>
#include <string>
#include <utility>

#include "jobs/error.h"

// S samples, T feature frames (50 a second), C channels of a convolution, D model width, N hidden states,
// H heads, K head width

namespace longtake {
namespace {

constexpr const char* kWrapper = "wav2vec2.";

/// What a checkpoint may hold beside the encoder.
constexpr const char* kNotNeeded[] = {"masked_spec_embed", "adapter."};
constexpr const char* kNotNeededOutside[] = {"lm_head.",     "quantizer.", "project_q.",
                                             "project_hid.", "projector.", "classifier."};

/// Weight norm (Salimans and Kingma 2016) over all but the last dimension: g * v / |v|.
at::Tensor weight_norm(const at::Tensor& g, const at::Tensor& v) {
  const at::Tensor wide = v.to(at::kFloat);
  const at::Tensor length = wide.square().sum(at::IntArrayRef({0, 1}), /*keepdim=*/true).sqrt();
  return (wide * (g.to(at::kFloat) / length)).to(v.scalar_type());
}

}  // namespace

Wav2Vec2::Affine Wav2Vec2::affine_from(const Weights& weights, const std::string& name,
                                       at::IntArrayRef shape) {
  return {weights.take(name + ".weight", shape), weights.take(name + ".bias", {shape[0]})};
}

/// PyTorch before 2.0 names the two factors weight_g and weight_v, later ones
/// parametrizations.weight.original0 and original1; a merged weight is accepted too.
at::Tensor Wav2Vec2::position_filter_from(const Weights& weights, at::IntArrayRef shape) {
  for (const auto& [g, v] :
       {std::pair("weight_g", "weight_v"),
        std::pair("parametrizations.weight.original0", "parametrizations.weight.original1")}) {
    if (weights.has(v)) return weight_norm(weights.take(g, {1, 1, shape[2]}), weights.take(v, shape));
  }
  return weights.take("weight", shape);
}

Wav2Vec2::Wav2Vec2(const Wav2Vec2Config& config, const Weights& weights) : config_(config) {
  const bool is_wrapped = weights.has(std::string(kWrapper) + "encoder.layer_norm.weight");
  const Weights model = is_wrapped ? weights.select(kWrapper) : weights;
  const std::int64_t width = config.width;
  const std::int64_t channels = config.conv_channels.back();
  take_convolutions(model.select("feature_extractor.conv_layers."));
  projection_norm_ = affine_from(model, "feature_projection.layer_norm", {channels});
  projection_ = affine_from(model, "feature_projection.projection", {width, channels});
  const Weights position = model.select("encoder.pos_conv_embed.conv.");
  position_.weight =
      position_filter_from(position, {width, width / config.position_groups, config.position_kernel});
  position_.bias = position.take("bias", {width});
  for (std::int64_t i = 0; i < config.layers; ++i) {
    layers_.push_back(layer_from(model.select("encoder.layers." + std::to_string(i) + ".")));
  }
  norm_ = affine_from(model, "encoder.layer_norm", {width});
  for (const char* name : kNotNeeded) model.leave(name);
  for (const char* name : kNotNeededOutside) weights.leave(name);
  weights.refuse_unused();
}

void Wav2Vec2::take_convolutions(const Weights& weights) {
  std::int64_t channels = 1;
  for (std::size_t i = 0; i < config_.conv_channels.size(); ++i) {
    const Weights below = weights.select(std::to_string(i) + ".");
    const std::int64_t more = config_.conv_channels[i];
    Convolution convolution;
    convolution.stride = config_.conv_strides[i];
    convolution.filter.weight = below.take("conv.weight", {more, channels, config_.conv_kernels[i]});
    if (config_.conv_bias) convolution.filter.bias = below.take("conv.bias", {more});
    convolution.norm = affine_from(below, "layer_norm", {more});
    convolutions_.push_back(std::move(convolution));
    channels = more;
  }
}

Wav2Vec2::Layer Wav2Vec2::layer_from(const Weights& weights) const {
  const std::int64_t width = config_.width;
  Layer layer;
  layer.attention_norm = affine_from(weights, "layer_norm", {width});
  layer.q = affine_from(weights, "attention.q_proj", {width, width});
  layer.k = affine_from(weights, "attention.k_proj", {width, width});
  layer.v = affine_from(weights, "attention.v_proj", {width, width});
  layer.out = affine_from(weights, "attention.out_proj", {width, width});
  layer.ffn_norm = affine_from(weights, "final_layer_norm", {width});
  layer.up = affine_from(weights, "feed_forward.intermediate_dense", {config_.ffn_width, width});
  layer.down = affine_from(weights, "feed_forward.output_dense", {width, config_.ffn_width});
  return layer;
}

at::Tensor Wav2Vec2::hidden_states(const at::Tensor& samples_S) const {
  if (config_.frames_of(samples_S.size(0)) < 1) {
    throw Error(ErrorKind::Bug, "asked for the features of " + std::to_string(samples_S.size(0)) +
                                    " samples; one frame takes " + std::to_string(config_.field_samples()));
  }
  const at::Tensor feature_TC = extract(samples_S.to(norm_.weight.device(), norm_.weight.scalar_type()));
  const auto apply = [](const Affine& affine, const at::Tensor& x_TD) {
    return at::linear(x_TD, affine.weight, affine.bias);
  };
  at::Tensor x_TD = apply(projection_, norm(projection_norm_, feature_TC));
  x_TD = x_TD + positions(x_TD);
  std::vector<at::Tensor> states = {x_TD};
  for (const Layer& layer : layers_) {
    x_TD = x_TD + attend(layer, norm(layer.attention_norm, x_TD));
    x_TD = x_TD + apply(layer.down, at::gelu(apply(layer.up, norm(layer.ffn_norm, x_TD))));
    states.push_back(x_TD);
  }
  if (config_.last_state_normed) states.back() = norm(norm_, x_TD);
  return at::stack(states);
}

at::Tensor Wav2Vec2::norm(const Affine& affine, const at::Tensor& x_TD) const {
  return at::layer_norm(x_TD, {x_TD.size(-1)}, affine.weight, affine.bias, config_.norm_epsilon);
}

/// [T, C]. The norm's epsilon in the extractor is PyTorch's default, whatever the config says.
at::Tensor Wav2Vec2::extract(const at::Tensor& samples_S) const {
  at::Tensor x_1CT = samples_S.view({1, 1, -1});
  for (const Convolution& layer : convolutions_) {
    const at::Tensor y_1CT = at::conv1d(x_1CT, layer.filter.weight, layer.filter.bias, layer.stride);
    const at::Tensor y_1TC =
        at::layer_norm(y_1CT.transpose(1, 2), {y_1CT.size(1)}, layer.norm.weight, layer.norm.bias);
    x_1CT = at::gelu(y_1TC).transpose(1, 2);
  }
  return x_1CT.squeeze(0).transpose(0, 1);
}

at::Tensor Wav2Vec2::positions(const at::Tensor& x_TD) const {
  const at::Tensor x_1DT = x_TD.transpose(0, 1).unsqueeze(0);
  const at::Tensor y_1DT =
      at::conv1d(x_1DT, position_.weight, position_.bias, /*stride=*/1,
                 /*padding=*/config_.position_kernel / 2, /*dilation=*/1, config_.position_groups);
  // An even kernel gives one frame too many, the last.
  return at::gelu(y_1DT.narrow(2, 0, x_TD.size(0))).squeeze(0).transpose(0, 1);
}

at::Tensor Wav2Vec2::attend(const Layer& layer, const at::Tensor& x_TD) const {
  const auto heads_of = [&](const Affine& affine) {
    return at::linear(x_TD, affine.weight, affine.bias)
        .view({x_TD.size(0), config_.heads, -1})
        .transpose(0, 1);
  };
  const double scale = 1.0 / std::sqrt(static_cast<double>(config_.width / config_.heads));
  const at::Tensor scores_HTT = at::matmul(heads_of(layer.q) * scale, heads_of(layer.k).transpose(1, 2));
  const at::Tensor y_HTK = at::matmul(at::softmax(scores_HTT, -1), heads_of(layer.v));
  return at::linear(y_HTK.transpose(0, 1).flatten(1), layer.out.weight, layer.out.bias);
}

}  // namespace longtake
