#include "rank/engine/transformer/layer_cache.h"

#include "rank/engine/kernels/rotary.h"

namespace longtake {

LayerCache::LayerCache(const TransformerConfig& config, const CacheShape& shape, at::TensorOptions options)
    : sink_tokens_(sink_tokens(shape.grid)),
      reference_tokens_(shape.grid.tokens_per_frame()),
      block_tokens_(shape.grid.tokens()),
      window_blocks_(shape.window_blocks),
      keys_(at::zeros({sink_tokens_ + window_blocks_ * block_tokens_, config.heads, config.head_dim()},
                      options)),
      values_(at::zeros_like(keys_)),
      raw_reference_RHK_(at::zeros({reference_tokens_, config.heads, config.head_dim()}, options)) {}

void LayerCache::store_sink_keys(const at::Tensor& raw_SHK, const at::Tensor& turn_SJ,
                                 std::int64_t reference_frame) {
  rotate_into(sink_keys_SHK(), raw_SHK, turn_SJ);
  // A new tensor, not new content: other steps may still share the old one.
  raw_reference_RHK_ = raw_SHK.narrow(0, 0, reference_tokens_).clone();
  reference_frame_ = reference_frame;
}

void LayerCache::share_sink(const LayerCache& other) {
  sink_keys_SHK().copy_(other.sink_keys_SHK());
  sink_values_SHK().copy_(other.sink_values_SHK());
  raw_reference_RHK_ = other.raw_reference_RHK_;
  reference_frame_ = other.reference_frame_;
}

void LayerCache::place_reference(std::int64_t frame, const at::Tensor& turn_RJ) {
  if (frame == reference_frame_) return;
  rotate_into(keys_.narrow(0, 0, reference_tokens_), raw_reference_RHK_, turn_RJ);
  reference_frame_ = frame;
}

LayerCache::Slot LayerCache::next_slot() {
  const std::int64_t first = sink_tokens_ + (written_blocks_ % window_blocks_) * block_tokens_;
  ++written_blocks_;
  return {keys_.narrow(0, first, block_tokens_), values_.narrow(0, first, block_tokens_)};
}

std::int64_t LayerCache::bytes_of_tokens(std::int64_t tokens) const {
  return static_cast<std::int64_t>(keys_.nbytes() + values_.nbytes()) / keys_.size(0) * tokens;
}

StepCache::StepCache(const TransformerConfig& config, const CacheShape& shape, std::int64_t layers,
                     at::TensorOptions options) {
  for (std::int64_t i = 0; i < layers; ++i) layers_.emplace_back(config, shape, options);
}

void StepCache::share_sink(const StepCache& other) {
  for (std::size_t i = 0; i < layers_.size(); ++i) layers_[i].share_sink(other.layer(i));
}

void StepCache::clear_window() {
  for (LayerCache& layer : layers_) layer.clear_window();
}

}  // namespace longtake
