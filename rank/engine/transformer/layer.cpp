#include "rank/engine/transformer/layer.h"

#include <algorithm>

#include "rank/engine/transformer/rope.h"

namespace longtake {
namespace {

Weights own_weights(const Weights& weights, std::int64_t index) {
  return weights.select("blocks." + std::to_string(index) + ".");
}

/// As wide as hidden states.
at::Tensor rows(at::Tensor& buffer, std::int64_t tokens, const Projections& projections) {
  return LayerWorkspace::rows_of(buffer, tokens, projections.reader().bias_O.size(0), projections.options());
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

/// Of this layer at one timestep, float32.
struct Layer::Modulation {
  LayerNorm norm;
  at::Tensor gate_D;
  LayerNorm ffn_norm;
  at::Tensor ffn_gate_D;
};

Layer::Layer(const TransformerConfig& config, std::int64_t index, const Weights& weights)
    : eps_(config.eps),
      modulation_6D_(
          own_weights(weights, index).take("modulation", {1, 6, config.dim}).to(at::kFloat).squeeze(0)),
      self_attention_(config, own_weights(weights, index).select("self_attn."), config.eps),
      text_attention_(config, own_weights(weights, index).select("cross_attn."), config.eps),
      text_norm_{own_weights(weights, index).take("norm3.weight", {config.dim}).to(at::kFloat),
                 own_weights(weights, index).take("norm3.bias", {config.dim}).to(at::kFloat), config.eps},
      ffn_in_(take_large_linear(own_weights(weights, index), "ffn.0", config.dim, config.ffn_dim)),
      ffn_out_(take_large_linear(own_weights(weights, index), "ffn.2", config.ffn_dim, config.dim)) {
  self_attention_.join_products();
  if (const auto injector = config.injector_of(index)) injector_.emplace(config, *injector, weights);
}

std::optional<InjectedAudio> Layer::audio(const AudioTokens& tokens) const {
  if (!injector_) return std::nullopt;
  return injector_->listen(tokens);
}

Layer::Modulation Layer::modulation(const TimeModulation& time) const {
  const at::Tensor sum_6D = modulation_6D_ + time.layers_6D;
  sum_6D.view({2, 3, -1}).select(1, 1).add_(1);  // what is written as a scale is a gain of 1 + it
  return {{sum_6D[1], sum_6D[0], eps_}, sum_6D[2], {sum_6D[4], sum_6D[3], eps_}, sum_6D[5]};
}

void Layer::run_block(HiddenStates& hidden_LD, const BlockPlace& place, const TimeModulation& time,
                      const KeysValues& text, const std::optional<InjectedAudio>& audio, LayerCache& cache,
                      LayerWorkspace& workspace) const {
  const Modulation modulated = modulation(time);
  const LinearInput normed_LD = hidden_LD.normed_for(self_attention_.reader(), modulated.norm);
  finish(hidden_LD, attend_block(normed_LD, place, cache, workspace), modulated, text, workspace);
  if (injector_) injector_->inject(hidden_LD, audio.value(), workspace);
}

void Layer::run_sink(HiddenStates& hidden_SD, const at::Tensor& turn_SJ, const TimeModulation& time_zero,
                     const KeysValues& text, LayerCache& cache, LayerWorkspace& workspace) const {
  const Modulation modulated = modulation(time_zero);
  const LinearInput normed_SD = hidden_SD.normed_for(self_attention_.reader(), modulated.norm);
  finish(hidden_SD, attend_sink(normed_SD, turn_SJ, cache, workspace), modulated, text, workspace);
}

/// What attention gathers.
at::Tensor Layer::attend_block(const LinearInput& normed_LD, const BlockPlace& place, LayerCache& cache,
                               LayerWorkspace& workspace) const {
  const LayerCache::Slot slot = cache.next_slot();
  const at::Tensor query_LD = rows(workspace.query_TD, tokens_of(normed_LD), self_attention_);
  const RawQueryKey raw = self_attention_.query_key(normed_LD, slot.values_LHK, workspace);
  self_attention_.place_query(query_LD, raw.query_TD, place.turn_LJ);
  self_attention_.place_key(slot.keys_LHK, raw.key_TD, place.turn_LJ);
  cache.keep_slot();
  cache.place_reference(place.reference_frame, place.reference_turn_RJ);
  return self_attention_.gathered_TD(query_LD, {cache.keys(), cache.values()}, workspace);
}

/// What attention gathers.
at::Tensor Layer::attend_sink(const LinearInput& normed_SD, const at::Tensor& turn_SJ, LayerCache& cache,
                              LayerWorkspace& workspace) const {
  const at::Tensor query_SD = rows(workspace.query_TD, tokens_of(normed_SD), self_attention_);
  const RawQueryKey raw = self_attention_.query_key(normed_SD, cache.sink_values_SHK(), workspace);
  self_attention_.place_query(query_SD, raw.query_TD, turn_SJ);
  cache.store_sink_keys(self_attention_.normed_keys_THK(raw.key_TD), turn_SJ, kReferenceFrame);
  return self_attention_.gathered_TD(query_SD, {cache.sink_keys_SHK(), cache.sink_values_SHK()}, workspace);
}

/// All that follows self-attention.
void Layer::finish(HiddenStates& hidden_TD, const at::Tensor& gathered_TD, const Modulation& modulated,
                   const KeysValues& text, LayerWorkspace& workspace) const {
  const at::Tensor out_TD = rows(workspace.key_TD, hidden_TD.tokens(), self_attention_);
  self_attention_.output_into(out_TD, gathered_TD);
  hidden_TD.add(out_TD, modulated.gate_D);
  const LinearInput asking_TD = hidden_TD.normed_for(text_attention_.reader(), text_norm_);
  hidden_TD.add(text_attention_.cross(asking_TD, text, workspace));
  const LinearInput normed_TD = hidden_TD.normed_for(ffn_in_, modulated.ffn_norm);
  hidden_TD.add(feed_forward(normed_TD, workspace), modulated.ffn_gate_D);
}

/// A view of the workspace's key buffer.
at::Tensor Layer::feed_forward(const LinearInput& normed_TD, LayerWorkspace& workspace) const {
  const std::int64_t tokens = tokens_of(normed_TD);
  const at::Tensor inner_TN =
      LayerWorkspace::rows_of(workspace.wide_TN, tokens, ffn_in_.bias_O.size(0), self_attention_.options());
  const at::Tensor out_TD = rows(workspace.key_TD, tokens, self_attention_);
  two_layers_into(out_TD, inner_TN, normed_TD, ffn_in_, ffn_out_);
  return out_TD;
}

}  // namespace longtake
