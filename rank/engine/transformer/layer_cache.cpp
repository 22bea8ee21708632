#include "rank/engine/transformer/layer_cache.h"

#include "rank/engine/kernels/rotary.h"

namespace longtake {

LayerCache::LayerCache(const TransformerConfig& config, const CacheShape& shape, at::TensorOptions options,
                       const CacheRoom& room)
    : sink_tokens_(sink_tokens(shape.grid)),
      reference_tokens_(shape.grid.tokens_per_frame()),
      block_tokens_(shape.grid.tokens()),
      window_blocks_(shape.window_blocks) {
  if (shape.dtype == KvCacheDtype::Fp8) {
    const auto none = [&] { return RoundedTokens(shape.tokens(), config.dim, options.device()); };
    rounded_ = Rounded{none(), none()};
    keys_NHK_ = room.keys_NHK;
    values_NHK_ = room.values_NHK;
    return;
  }
  keys_NHK_ = at::zeros({shape.tokens(), config.heads, config.head_dim()}, options);
  values_NHK_ = at::zeros_like(keys_NHK_);
  raw_reference_RHK_ = at::zeros({reference_tokens_, config.heads, config.head_dim()}, options);
}

void LayerCache::store_sink_keys(const at::Tensor& raw_SHK, const at::Tensor& turn_SJ,
                                 std::int64_t reference_frame) {
  rotate_into(sink_keys_SHK(), raw_SHK, turn_SJ);
  reference_frame_ = reference_frame;
  const at::Tensor raw_reference_RHK = raw_SHK.narrow(0, 0, reference_tokens_);
  if (!rounded_) {
    // A new tensor, not new content: other steps may still share the old one.
    raw_reference_RHK_ = raw_reference_RHK.clone();
    return;
  }
  rounded_->keys.keep(0, raw_reference_RHK);
  rounded_->keys.keep(reference_tokens_,
                      keys_NHK_.narrow(0, reference_tokens_, sink_tokens_ - reference_tokens_));
  rounded_->values.keep(0, sink_values_SHK());
}

void LayerCache::share_sink(const LayerCache& other) {
  reference_frame_ = other.reference_frame_;
  if (rounded_) {
    rounded_->keys.copy_first(sink_tokens_, other.rounded_.value().keys);
    rounded_->values.copy_first(sink_tokens_, other.rounded_.value().values);
    return;
  }
  sink_keys_SHK().copy_(other.sink_keys_SHK());
  sink_values_SHK().copy_(other.sink_values_SHK());
  raw_reference_RHK_ = other.raw_reference_RHK_;
}

void LayerCache::place_reference(std::int64_t frame, const at::Tensor& turn_RJ) {
  const at::Tensor placed_RHK = keys_NHK_.narrow(0, 0, reference_tokens_);
  if (rounded_) {
    rotate_into(placed_RHK, placed_RHK, turn_RJ);
  } else if (frame != reference_frame_) {
    rotate_into(placed_RHK, raw_reference_RHK_, turn_RJ);
  }
  reference_frame_ = frame;
}

LayerCache::Slot LayerCache::next_slot() {
  const std::int64_t first = first_of_slot(written_blocks_);
  if (rounded_) open_all_but_slot(first);
  ++written_blocks_;
  return {keys_NHK_.narrow(0, first, block_tokens_), values_NHK_.narrow(0, first, block_tokens_)};
}

/// Before the slot is counted in.
void LayerCache::open_all_but_slot(std::int64_t first) {
  const std::int64_t behind = first + block_tokens_;
  const std::int64_t tokens_behind = std::max<std::int64_t>(0, visible_tokens() - behind);
  rounded_->keys.open(0, first, keys_NHK_);
  rounded_->values.open(0, first, values_NHK_);
  rounded_->keys.open(behind, tokens_behind, keys_NHK_);
  rounded_->values.open(behind, tokens_behind, values_NHK_);
}

void LayerCache::keep_slot() {
  if (!rounded_) return;
  const std::int64_t first = first_of_slot(written_blocks_ - 1);
  rounded_->keys.keep(first, keys_NHK_.narrow(0, first, block_tokens_));
  rounded_->values.keep(first, values_NHK_.narrow(0, first, block_tokens_));
}

std::int64_t LayerCache::reference_bytes() const {
  return raw_reference_RHK_.defined() ? static_cast<std::int64_t>(raw_reference_RHK_.nbytes()) : 0;
}

std::int64_t LayerCache::bytes_of_tokens(std::int64_t tokens) const {
  const std::int64_t all = rounded_ ? rounded_->keys.bytes() + rounded_->values.bytes()
                                    : static_cast<std::int64_t>(keys_NHK_.nbytes() + values_NHK_.nbytes());
  return all / (sink_tokens_ + window_blocks_ * block_tokens_) * tokens;
}

StepCache::StepCache(const TransformerConfig& config, const CacheShape& shape, std::int64_t layers,
                     at::TensorOptions options, const CacheRoom& room) {
  for (std::int64_t i = 0; i < layers; ++i) layers_.emplace_back(config, shape, options, room);
}

void StepCache::share_sink(const StepCache& other) {
  for (std::size_t i = 0; i < layers_.size(); ++i) layers_[i].share_sink(other.layer(i));
}

void StepCache::clear_window() {
  for (LayerCache& layer : layers_) layer.clear_window();
}

}  // namespace longtake
