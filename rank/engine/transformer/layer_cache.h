#pragma once

#include <ATen/ATen.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "rank/engine/transformer/token_grid.h"
#include "rank/engine/transformer/transformer_config.h"

// S sink tokens, R reference tokens (the first of the sink), L tokens of a block, H heads, K head width,
// J pairs of a head
namespace longtake {

/// How much a cache holds.
struct CacheShape {
  TokenGrid grid;                  ///< of one block
  std::int64_t window_blocks = 4;  ///< the blocks that a block sees, itself among them: one clip
};

/// What one layer of one denoising step attends to, in one piece of memory so that attention reads it in
/// place: the sink, then a ring of the window's latest blocks. Keys in it are rotated. Their order is of
/// no consequence to attention, so a full ring simply overwrites its oldest block. One thread at a time;
/// moved, not copied.
class LayerCache {
 public:
  /// Keys and values of one block, [L, H, K] each, to be written by the layer.
  struct Slot {
    at::Tensor keys_LHK;
    at::Tensor values_LHK;
  };

  LayerCache(const TransformerConfig& config, const CacheShape& shape, at::TensorOptions options);
  LayerCache(LayerCache&&) = default;
  LayerCache& operator=(LayerCache&&) = default;

  /// Where the sink's values go before store_sink_keys().
  at::Tensor sink_values_SHK() const { return values_.narrow(0, 0, sink_tokens_); }

  /// `raw` are the keys before RoPE; the reference's are kept so, because its place moves. `turn` puts
  /// the reference at `reference_frame`.
  void store_sink_keys(const at::Tensor& raw_SHK, const at::Tensor& turn_SJ, std::int64_t reference_frame);

  /// Takes over the sink of another cache of the same layer: it is the same for all denoising steps.
  void share_sink(const LayerCache& other);

  /// Rotates the reference's keys to another frame; nothing happens when they are there already.
  void place_reference(std::int64_t frame, const at::Tensor& turn_RJ);

  /// Makes room for the next block, where the oldest was once the window is full, and counts it in. The
  /// caller writes both tensors before anyone attends.
  Slot next_slot();

  /// The window is empty again; the sink stays.
  void clear_window() { written_blocks_ = 0; }

  /// Sink and window, views: [S + L * blocks in the window, H, K].
  at::Tensor keys() const { return keys_.narrow(0, 0, visible_tokens()); }
  at::Tensor values() const { return values_.narrow(0, 0, visible_tokens()); }

  at::Tensor sink_keys_SHK() const { return keys_.narrow(0, 0, sink_tokens_); }
  /// Before RoPE.
  const at::Tensor& reference_keys_RHK() const { return raw_reference_RHK_; }

  std::int64_t blocks_in_window() const { return std::min(written_blocks_, window_blocks_); }
  std::int64_t window_bytes() const { return bytes_of_tokens(window_blocks_ * block_tokens_); }
  std::int64_t sink_bytes() const { return bytes_of_tokens(sink_tokens_); }
  /// Of the keys before RoPE; caches that share a sink share them.
  std::int64_t reference_bytes() const { return static_cast<std::int64_t>(raw_reference_RHK_.nbytes()); }

 private:
  std::int64_t bytes_of_tokens(std::int64_t tokens) const;
  std::int64_t visible_tokens() const { return sink_tokens_ + blocks_in_window() * block_tokens_; }

  std::int64_t sink_tokens_;
  std::int64_t reference_tokens_;
  std::int64_t block_tokens_;
  std::int64_t window_blocks_;
  at::Tensor keys_;
  at::Tensor values_;
  at::Tensor raw_reference_RHK_;
  std::int64_t reference_frame_ = 0;
  std::int64_t written_blocks_ = 0;
};

/// The caches of consecutive layers for one denoising step.
class StepCache {
 public:
  StepCache(const TransformerConfig& config, const CacheShape& shape, std::int64_t layers,
            at::TensorOptions options);

  LayerCache& layer(std::size_t index) { return layers_.at(index); }
  const LayerCache& layer(std::size_t index) const { return layers_.at(index); }
  std::size_t size() const { return layers_.size(); }

  void share_sink(const StepCache& other);
  void clear_window();

 private:
  std::vector<LayerCache> layers_;
};

}  // namespace longtake
