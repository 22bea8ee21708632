#include "rank/engine/transformer/layer.h"

#include <algorithm>

#include "rank/engine/transformer/pointwise.h"
#include "rank/engine/transformer/rope.h"

namespace longtake {
namespace {

Weights own_weights(const Weights& weights, std::int64_t index) {
  return weights.select("blocks." + std::to_string(index) + ".");
}

at::Tensor rows(at::Tensor& buffer, const at::Tensor& like_TD, const Projections& projections) {
  return LayerWorkspace::rows_of(buffer, like_TD.size(0), like_TD.size(1), projections.options());
}

}  // namespace

BlockPlace block_place(const TransformerConfig& config, const TokenGrid& grid, std::int64_t first_frame,
                       std::int64_t sink_distance, at::Device device) {
  const std::int64_t reference_frame = std::max(kReferenceFrame, first_frame + sink_distance);
  return {rotation_TJ(block_positions(grid, first_frame), config.head_dim(), device),
          rotation_TJ(reference_positions(grid, reference_frame), config.head_dim(), device),
          reference_frame};
}

at::Tensor sink_turn_SJ(const TransformerConfig& config, const TokenGrid& grid, at::Device device) {
  std::vector<GridPositions> runs = {reference_positions(grid, kReferenceFrame)};
  for (GridPositions& bucket : motion_positions(grid)) runs.push_back(std::move(bucket));
  return rotation_TJ(runs, config.head_dim(), device);
}

/// Of this layer at one timestep, float32, [D] each.
struct Layer::Modulation {
  at::Tensor shift, scale, gate;
  at::Tensor ffn_shift, ffn_scale, ffn_gate;
};

Layer::Layer(const TransformerConfig& config, std::int64_t index, const Weights& weights)
    : eps_(config.eps),
      modulation_6D_(
          own_weights(weights, index).take("modulation", {1, 6, config.dim}).to(at::kFloat).squeeze(0)),
      self_attention_(config, own_weights(weights, index).select("self_attn."), config.eps),
      text_attention_(config, own_weights(weights, index).select("cross_attn."), config.eps),
      text_norm_weight_D_(own_weights(weights, index).take("norm3.weight", {config.dim}).to(at::kFloat)),
      text_norm_bias_D_(own_weights(weights, index).take("norm3.bias", {config.dim}).to(at::kFloat)),
      ffn_in_(take_linear(own_weights(weights, index), "ffn.0", config.dim, config.ffn_dim)),
      ffn_out_(take_linear(own_weights(weights, index), "ffn.2", config.ffn_dim, config.dim)) {
  if (const auto injector = config.injector_of(index)) injector_.emplace(config, *injector, weights);
}

std::optional<InjectedAudio> Layer::audio(const AudioTokens& tokens) const {
  if (!injector_) return std::nullopt;
  return injector_->listen(tokens);
}

Layer::Modulation Layer::modulation(const TimeModulation& time) const {
  const at::Tensor sum_6D = modulation_6D_ + time.layers_6D;
  return {sum_6D[0], sum_6D[1], sum_6D[2], sum_6D[3], sum_6D[4], sum_6D[5]};
}

void Layer::run_block(const at::Tensor& hidden_LD, const BlockPlace& place, const TimeModulation& time,
                      const KeysValues& text, const std::optional<InjectedAudio>& audio, LayerCache& cache,
                      LayerWorkspace& workspace) const {
  const Modulation modulated = modulation(time);
  const at::Tensor normed_LD = modulated_norm(hidden_LD, modulated.scale, modulated.shift, eps_);
  attend_block(normed_LD.to(self_attention_.options()), place, cache, workspace);
  add_self_output(hidden_LD, modulated.gate, workspace);
  add_text(hidden_LD, text, workspace);
  add_feed_forward(hidden_LD, modulated, workspace);
  if (injector_) injector_->inject(hidden_LD, audio.value(), workspace);
}

void Layer::run_sink(const at::Tensor& hidden_SD, const at::Tensor& turn_SJ, const TimeModulation& time_zero,
                     const KeysValues& text, LayerCache& cache, LayerWorkspace& workspace) const {
  const Modulation modulated = modulation(time_zero);
  const at::Tensor normed_SD = modulated_norm(hidden_SD, modulated.scale, modulated.shift, eps_);
  attend_sink(normed_SD.to(self_attention_.options()), turn_SJ, cache, workspace);
  add_self_output(hidden_SD, modulated.gate, workspace);
  add_text(hidden_SD, text, workspace);
  add_feed_forward(hidden_SD, modulated, workspace);
}

/// Leaves what attention gathered in the workspace's normed_TD.
void Layer::attend_block(const at::Tensor& normed_LD, const BlockPlace& place, LayerCache& cache,
                         LayerWorkspace& workspace) const {
  const at::Tensor query_LD = rows(workspace.query_TD, normed_LD, self_attention_);
  const at::Tensor key_LD = rows(workspace.key_TD, normed_LD, self_attention_);
  const LayerCache::Slot slot = cache.next_slot();
  self_attention_.query_into(query_LD, normed_LD);
  self_attention_.key_into(key_LD, normed_LD);
  self_attention_.value_into(slot.values_LHK.view(normed_LD.sizes()), normed_LD);
  const at::Tensor query_LHK = self_attention_.heads_of(query_LD);
  rotate_into(query_LHK, query_LHK, place.turn_LJ);
  rotate_into(slot.keys_LHK, self_attention_.heads_of(key_LD), place.turn_LJ);
  cache.place_reference(place.reference_frame, place.reference_turn_RJ);
  const at::Tensor gathered_LD = rows(workspace.normed_TD, normed_LD, self_attention_);
  attend(query_LHK, cache.keys(), cache.values(), self_attention_.heads_of(gathered_LD), workspace.scores);
}

/// Leaves what attention gathered in the workspace's normed_TD.
void Layer::attend_sink(const at::Tensor& normed_SD, const at::Tensor& turn_SJ, LayerCache& cache,
                        LayerWorkspace& workspace) const {
  const at::Tensor query_SD = rows(workspace.query_TD, normed_SD, self_attention_);
  const at::Tensor key_SD = rows(workspace.key_TD, normed_SD, self_attention_);
  self_attention_.query_into(query_SD, normed_SD);
  self_attention_.key_into(key_SD, normed_SD);
  self_attention_.value_into(cache.sink_values_SHK().view(normed_SD.sizes()), normed_SD);
  const at::Tensor query_SHK = self_attention_.heads_of(query_SD);
  rotate_into(query_SHK, query_SHK, turn_SJ);
  cache.store_sink_keys(self_attention_.heads_of(key_SD), turn_SJ, kReferenceFrame);
  const at::Tensor gathered_SD = rows(workspace.normed_TD, normed_SD, self_attention_);
  attend(query_SHK, cache.sink_keys_SHK(), cache.sink_values_SHK(), self_attention_.heads_of(gathered_SD),
         workspace.scores);
}

void Layer::add_self_output(const at::Tensor& hidden_TD, const at::Tensor& gate_D,
                            LayerWorkspace& workspace) const {
  const at::Tensor gathered_TD = rows(workspace.normed_TD, hidden_TD, self_attention_);
  const at::Tensor out_TD = rows(workspace.key_TD, hidden_TD, self_attention_);
  self_attention_.output_into(out_TD, gathered_TD);
  add_gated_(hidden_TD, out_TD, gate_D);
}

void Layer::add_text(const at::Tensor& hidden_TD, const KeysValues& text, LayerWorkspace& workspace) const {
  const at::Tensor normed_TD = layer_norm(hidden_TD, text_norm_weight_D_, text_norm_bias_D_, eps_);
  add_(hidden_TD, text_attention_.cross(normed_TD.to(text_attention_.options()), text, workspace));
}

void Layer::add_feed_forward(const at::Tensor& hidden_TD, const Modulation& modulated,
                             LayerWorkspace& workspace) const {
  const at::Tensor normed_TD = modulated_norm(hidden_TD, modulated.ffn_scale, modulated.ffn_shift, eps_);
  const at::Tensor inner_TN = LayerWorkspace::rows_of(workspace.inner_TN, hidden_TD.size(0),
                                                      ffn_in_.bias_O.size(0), self_attention_.options());
  const at::Tensor out_TD = rows(workspace.key_TD, hidden_TD, self_attention_);
  ffn_in_.into(inner_TN, normed_TD.to(self_attention_.options()));
  gelu_(inner_TN);
  ffn_out_.into(out_TD, inner_TN);
  add_gated_(hidden_TD, out_TD, modulated.ffn_gate);
}

}  // namespace longtake
