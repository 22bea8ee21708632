#include "rank/engine/text/umt5.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <string>

#include "jobs/error.h"

namespace longtake {
namespace {

constexpr double kNormEpsilon = 1e-6;
constexpr std::int64_t kMaxDistance = 128;  // all distances from here on share a bucket

[[noreturn]] void refuse(const std::string& message) { throw Error(ErrorKind::InvalidInput, message); }

/// Root mean square norm (Zhang and Sennrich 2019), the mean in float32.
at::Tensor rms_norm(const at::Tensor& x_BLD, const at::Tensor& weight_D) {
  const at::Tensor square_BL1 = x_BLD.to(at::kFloat).square().mean(at::IntArrayRef({-1}), /*keepdim=*/true);
  const at::Tensor scaled_BLD = x_BLD * (square_BL1 + kNormEpsilon).rsqrt();
  return scaled_BLD.to(weight_D.scalar_type()) * weight_D;
}

/// The bucket of key position minus query position (Raffel et al. 2020, section 2.1): one half of the
/// buckets for keys behind the query; in each half the first half counts exactly, the rest by logarithm.
at::Tensor buckets_of_distance(std::int64_t length, std::int64_t buckets, at::Device device) {
  const at::Tensor position_L = at::arange(length, at::TensorOptions(at::kLong).device(device));
  const at::Tensor distance_LL = position_L.unsqueeze(0) - position_L.unsqueeze(1);
  const std::int64_t half = buckets / 2;
  const std::int64_t exact = half / 2;
  const at::Tensor far_LL = distance_LL.abs();
  const double octaves = std::log(static_cast<double>(kMaxDistance) / static_cast<double>(exact));
  // The order of the float32 operations is the published one: it decides on the edge of a bucket.
  const at::Tensor steps_LL = (far_LL.clamp_min(1).to(at::kFloat) / exact).log() / octaves * (half - exact);
  const at::Tensor by_logarithm_LL = (steps_LL.to(at::kLong) + exact).clamp_max(half - 1);
  return (distance_LL > 0).to(at::kLong) * half + at::where(far_LL < exact, far_LL, by_logarithm_LL);
}

/// [H, L, L] from the table [buckets, H].
at::Tensor position_bias(const at::Tensor& table, const at::Tensor& bucket_LL) {
  return at::embedding(table, bucket_LL).permute({2, 0, 1});
}

/// What masks a key: the lowest number, not infinity, so that a row without any key stays finite.
double lowest_of(at::ScalarType type) {
  return type == at::kHalf ? -65504.0 : -3.3895313892515355e38;  // of bfloat16; float32 holds it too
}

/// One more than the highest block that is named: a tensor that is missing below is then missed.
std::int64_t layers_named_in(const Weights& weights) {
  std::int64_t layers = 0;
  for (const std::string& name : weights.select("blocks.").names()) {
    layers = std::max<std::int64_t>(layers, std::strtoll(name.c_str(), nullptr, 10) + 1);
  }
  return layers;
}

void check(const UmT5Config& config) {
  if (config.heads < 1 || config.attention_width % config.heads != 0) {
    refuse("a umT5 encoder of attention width " + std::to_string(config.attention_width) + " cannot have " +
           std::to_string(config.heads) + " heads");
  }
  if (config.buckets < 4 || config.buckets % 4 != 0) {
    refuse("a umT5 encoder needs a multiple of 4 position buckets, got " + std::to_string(config.buckets));
  }
}

}  // namespace

UmT5Config umt5_config_of(const Weights& weights) {
  constexpr const char* kPositions = "pos_embedding.embedding.weight";
  UmT5Config config;
  const auto embedding = weights.shape_of("token_embedding.weight");
  const Weights first = weights.select("blocks.0.");
  config.shared_positions = weights.has(kPositions);
  const auto positions = (config.shared_positions ? weights : first).shape_of(kPositions);
  const auto query = first.shape_of("attn.q.weight");
  const auto ffn = first.shape_of("ffn.fc1.weight");
  if (embedding.size() != 2 || positions.size() != 2 || query.size() != 2 || ffn.size() != 2) {
    refuse("the weights are not those of a umT5 encoder: a tensor that should be a matrix is not");
  }
  config.vocabulary = embedding[0];
  config.width = embedding[1];
  config.attention_width = query[0];
  config.ffn_width = ffn[0];
  config.buckets = positions[0];
  config.heads = positions[1];
  config.layers = layers_named_in(weights);
  return config;
}

UmT5Encoder::UmT5Encoder(const UmT5Config& config, const Weights& weights) : config_(config) {
  check(config);
  embedding_ = weights.take("token_embedding.weight", {config.vocabulary, config.width});
  if (config.shared_positions) {
    positions_ = weights.take("pos_embedding.embedding.weight", {config.buckets, config.heads});
  }
  for (std::int64_t layer = 0; layer < config.layers; ++layer) {
    blocks_.push_back(block_from(weights.select("blocks." + std::to_string(layer) + ".")));
  }
  norm_ = weights.take("norm.weight", {config.width});
  weights.refuse_unused();
}

UmT5Encoder::Block UmT5Encoder::block_from(const Weights& weights) const {
  const std::int64_t width = config_.width;
  const std::int64_t inner = config_.attention_width;
  const std::int64_t ffn = config_.ffn_width;
  Block block;
  block.norm1 = weights.take("norm1.weight", {width});
  block.norm2 = weights.take("norm2.weight", {width});
  block.q = weights.take("attn.q.weight", {inner, width});
  block.k = weights.take("attn.k.weight", {inner, width});
  block.v = weights.take("attn.v.weight", {inner, width});
  block.o = weights.take("attn.o.weight", {width, inner});
  block.gate = weights.take("ffn.gate.0.weight", {ffn, width});
  block.fc1 = weights.take("ffn.fc1.weight", {ffn, width});
  block.fc2 = weights.take("ffn.fc2.weight", {width, ffn});
  if (!config_.shared_positions) {
    block.positions = weights.take("pos_embedding.embedding.weight", {config_.buckets, config_.heads});
  }
  return block;
}

at::Tensor UmT5Encoder::encode(const at::Tensor& ids_BL, const at::Tensor& mask_BL) const {
  if (ids_BL.numel() > 0 && ids_BL.max().item<std::int64_t>() >= config_.vocabulary) {
    refuse("the tokenizer gives the id " + std::to_string(ids_BL.max().item<std::int64_t>()) +
           ", the text encoder knows " + std::to_string(config_.vocabulary));
  }
  const at::Device device = embedding_.device();
  at::Tensor x_BLD = at::embedding(embedding_, ids_BL.to(device));
  const at::Tensor hidden_B11L = mask_BL.to(device).eq(0).unsqueeze(1).unsqueeze(1);
  const at::Tensor bucket_LL = buckets_of_distance(ids_BL.size(1), config_.buckets, device);
  for (const Block& block : blocks_) {
    const at::Tensor& table = config_.shared_positions ? positions_ : block.positions;
    const at::Tensor bias_BHLL =
        position_bias(table, bucket_LL).unsqueeze(0).masked_fill(hidden_B11L, lowest_of(x_BLD.scalar_type()));
    x_BLD = x_BLD + attend(block, rms_norm(x_BLD, block.norm1), bias_BHLL);
    const at::Tensor y_BLD = rms_norm(x_BLD, block.norm2);
    const at::Tensor gate = at::gelu(at::linear(y_BLD, block.gate), "tanh");
    x_BLD = x_BLD + at::linear(at::linear(y_BLD, block.fc1) * gate, block.fc2);
  }
  return rms_norm(x_BLD, norm_);
}

/// T5 does not scale the scores; the initialisation of q does.
at::Tensor UmT5Encoder::attend(const Block& block, const at::Tensor& x_BLD,
                               const at::Tensor& bias_BHLL) const {
  const std::int64_t batch = x_BLD.size(0);
  const auto heads_of = [&](const at::Tensor& weight) {
    return at::linear(x_BLD, weight).view({batch, x_BLD.size(1), config_.heads, -1}).transpose(1, 2);
  };
  const at::Tensor scores_BHLL = at::matmul(heads_of(block.q), heads_of(block.k).transpose(2, 3)) + bias_BHLL;
  const at::Tensor share_BHLL = at::softmax(scores_BHLL, -1, at::kFloat).to(x_BLD.scalar_type());
  const at::Tensor y_BHLK = at::matmul(share_BHLL, heads_of(block.v));
  return at::linear(y_BHLK.transpose(1, 2).flatten(2), block.o);
}

}  // namespace longtake
