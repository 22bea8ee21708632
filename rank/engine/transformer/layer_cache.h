#pragma once

#include <ATen/ATen.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include "jobs/kv_cache_dtype.h"
#include "rank/engine/transformer/rounded_tokens.h"
#include "rank/engine/transformer/token_grid.h"
#include "rank/engine/transformer/transformer_config.h"

// N tokens of a cache: S of the sink, then the window's; R reference tokens (the first of the sink), L tokens
// of a block, H heads, K head width, J pairs of a head
namespace longtake {

/// How much a cache holds, and in what.
struct CacheShape {
  TokenGrid grid;                  ///< of one block
  std::int64_t window_blocks = 4;  ///< the blocks that a block sees, itself among them: one clip
  KvCacheDtype dtype = KvCacheDtype::Auto;

  std::int64_t tokens() const { return sink_tokens(grid) + window_blocks * grid.tokens(); }
};

/// Where keys and values of one layer at a time are opened from caches in fp8, [N, H, K] each: one for all
/// layers, steps and texts.
struct CacheRoom {
  at::Tensor keys_NHK;
  at::Tensor values_NHK;
};

/// What one layer of one denoising step attends to, in one piece of memory so that attention reads it in
/// place: the sink, then a ring of the window's latest blocks. Keys in it are rotated. Their order is of
/// no consequence to attention, so a full ring simply overwrites its oldest block. One thread at a time;
/// moved, not copied.
///
/// In fp8 that piece of memory is the room, which all layers take turns with: it holds this layer's keys and
/// values from next_slot() (or the writing of the sink) until another layer's. What was written last is in it
/// as it was written, all else as it comes out of fp8.
class LayerCache {
 public:
  /// Keys and values of one block, [L, H, K] each, to be written by the layer.
  struct Slot {
    at::Tensor keys_LHK;
    at::Tensor values_LHK;
  };

  /// `room` is needed for KvCacheDtype::Fp8.
  LayerCache(const TransformerConfig& config, const CacheShape& shape, at::TensorOptions options,
             const CacheRoom& room = {});
  LayerCache(LayerCache&&) = default;
  LayerCache& operator=(LayerCache&&) = default;

  /// Where the sink's values go before store_sink_keys().
  at::Tensor sink_values_SHK() const { return values_NHK_.narrow(0, 0, sink_tokens_); }

  /// `raw` are the keys before RoPE; the reference's are kept so, because its place moves. `turn` puts
  /// the reference at `reference_frame`.
  void store_sink_keys(const at::Tensor& raw_SHK, const at::Tensor& turn_SJ, std::int64_t reference_frame);

  /// Takes over the sink of another cache of the same layer: it is the same for all denoising steps.
  void share_sink(const LayerCache& other);

  /// Makes room for the next block, where the oldest was once the window is full, and counts it in. The
  /// caller writes both tensors and calls keep_slot() before anyone attends.
  Slot next_slot();
  void keep_slot();

  /// After next_slot(): rotates the reference's keys to another frame; nothing happens when they are there
  /// already.
  void place_reference(std::int64_t frame, const at::Tensor& turn_RJ);

  /// The window is empty again; the sink stays.
  void clear_window() { written_blocks_ = 0; }

  /// Sink and window, views: [S + L * blocks in the window, H, K].
  at::Tensor keys() const { return keys_NHK_.narrow(0, 0, visible_tokens()); }
  at::Tensor values() const { return values_NHK_.narrow(0, 0, visible_tokens()); }

  at::Tensor sink_keys_SHK() const { return keys_NHK_.narrow(0, 0, sink_tokens_); }
  /// Before RoPE; undefined in fp8.
  const at::Tensor& reference_keys_RHK() const { return raw_reference_RHK_; }

  std::int64_t blocks_in_window() const { return std::min(written_blocks_, window_blocks_); }
  std::int64_t window_bytes() const { return bytes_of_tokens(window_blocks_ * block_tokens_); }
  std::int64_t sink_bytes() const { return bytes_of_tokens(sink_tokens_); }
  /// Of the keys before RoPE where they are apart from the sink; caches that share a sink share them.
  std::int64_t reference_bytes() const;

 private:
  /// In fp8 what lasts. The reference's keys are those before RoPE: they are rounded once, wherever they
  /// move.
  struct Rounded {
    RoundedTokens keys;
    RoundedTokens values;
  };

  void open_all_but_slot(std::int64_t first);
  std::int64_t bytes_of_tokens(std::int64_t tokens) const;
  std::int64_t visible_tokens() const { return sink_tokens_ + blocks_in_window() * block_tokens_; }
  /// Of the block after so many.
  std::int64_t first_of_slot(std::int64_t blocks) const {
    return sink_tokens_ + blocks % window_blocks_ * block_tokens_;
  }

  std::int64_t sink_tokens_;
  std::int64_t reference_tokens_;
  std::int64_t block_tokens_;
  std::int64_t window_blocks_;
  std::optional<Rounded> rounded_;
  at::Tensor keys_NHK_;    ///< the room's in fp8
  at::Tensor values_NHK_;  ///< likewise
  at::Tensor raw_reference_RHK_;
  std::int64_t reference_frame_ = 0;
  std::int64_t written_blocks_ = 0;
};

/// The caches of consecutive layers for one denoising step.
class StepCache {
 public:
  StepCache(const TransformerConfig& config, const CacheShape& shape, std::int64_t layers,
            at::TensorOptions options, const CacheRoom& room = {});

  LayerCache& layer(std::size_t index) { return layers_.at(index); }
  const LayerCache& layer(std::size_t index) const { return layers_.at(index); }
  std::size_t size() const { return layers_.size(); }

  void share_sink(const StepCache& other);
  void clear_window();

 private:
  std::vector<LayerCache> layers_;
};

}  // namespace longtake
