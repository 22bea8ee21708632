#pragma once

#include <ATen/ATen.h>

#include <optional>

#include "rank/engine/transformer/audio_injector.h"
#include "rank/engine/transformer/hidden_states.h"
#include "rank/engine/transformer/layer_cache.h"
#include "rank/engine/transformer/layer_workspace.h"
#include "rank/engine/transformer/projections.h"
#include "rank/engine/transformer/time_embedding.h"

// L tokens of a block, S tokens of the sink, T text tokens, D model width, J pairs of a head
namespace longtake {

/// Where the reference image stands in time when nothing has been generated yet.
inline constexpr std::int64_t kReferenceFrame = 30;

/// Where a block's tokens and its sink stand in time: one for all layers.
struct BlockPlace {
  at::Tensor turn_LJ;            ///< of the block's tokens
  at::Tensor reference_turn_RJ;  ///< of the reference's keys
  std::int64_t reference_frame = kReferenceFrame;
};

/// The place of the block whose first latent frame is the `first_frame`-th of its range. From then on
/// that the block passes it, the reference stays `sink_distance` frames ahead of the block's first one
/// (Live Avatar's rolling RoPE).
BlockPlace block_place(const TransformerConfig& config, const TokenGrid& grid, std::int64_t first_frame,
                       std::int64_t sink_distance, at::Device device);

/// The place of the sink's tokens while it is made, complex64 [S, J].
at::Tensor sink_turn_SJ(const TransformerConfig& config, const TokenGrid& grid, at::Device device);

/// One layer: self-attention over sink and window, attention to the text, feed-forward network, and, in
/// some layers, injected audio. Products are computed in the weights' type. A layer's last addition to the
/// hidden states lies in the workspace until the next layer's norm makes it.
class Layer {
 public:
  /// `weights`: the whole checkpoint. Takes blocks.`index` and its injector, if there is one.
  Layer(const TransformerConfig& config, std::int64_t index, const Weights& weights);

  KeysValues text(const at::Tensor& text_TD) const { return text_attention_.keys_values(text_TD); }

  /// nullopt when no injector follows this layer.
  std::optional<InjectedAudio> audio(const AudioTokens& tokens) const;

  /// Adds the block to the cache and attends to all of it. `audio` is what audio() gave.
  void run_block(HiddenStates& hidden_LD, const BlockPlace& place, const TimeModulation& time,
                 const KeysValues& text, const std::optional<InjectedAudio>& audio, LayerCache& cache,
                 LayerWorkspace& workspace) const;

  /// Fills the cache's sink. Sink tokens attend to each other only; audio does not reach them.
  void run_sink(HiddenStates& hidden_SD, const at::Tensor& turn_SJ, const TimeModulation& time_zero,
                const KeysValues& text, LayerCache& cache, LayerWorkspace& workspace) const;

 private:
  struct Modulation;
  Modulation modulation(const TimeModulation& time) const;
  at::Tensor attend_block(const LinearInput& normed_LD, const BlockPlace& place, LayerCache& cache,
                          LayerWorkspace& workspace) const;
  at::Tensor attend_sink(const LinearInput& normed_SD, const at::Tensor& turn_SJ, LayerCache& cache,
                         LayerWorkspace& workspace) const;
  void finish(HiddenStates& hidden_TD, const at::Tensor& gathered_TD, const Modulation& modulation,
              const KeysValues& text, LayerWorkspace& workspace) const;
  at::Tensor feed_forward(const LinearInput& normed_TD, LayerWorkspace& workspace) const;

  double eps_;
  at::Tensor modulation_6D_;
  Projections self_attention_;
  Projections text_attention_;
  LayerNorm text_norm_;
  Linear ffn_in_;
  Linear ffn_out_;
  std::optional<AudioInjector> injector_;
};

}  // namespace longtake
