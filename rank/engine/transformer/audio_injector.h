#pragma once

#include <ATen/ATen.h>

#include "rank/engine/kernels/layer_norm.h"
#include "rank/engine/transformer/audio_encoder.h"
#include "rank/engine/transformer/hidden_states.h"
#include "rank/engine/transformer/projections.h"

// F latent frames of a block, L tokens of a block, N local audio tokens of a frame, D model width, H heads,
// K head width
namespace longtake {

/// What one injector hears of a block: it does not depend on the denoising step.
struct InjectedAudio {
  LayerNorm norm;      ///< with gain and shift of each frame's global token
  KeysValues context;  ///< [F, N, H, K], of the local tokens
};

/// Follows some layers: each frame's tokens are normed with shift and scale of the frame's global audio
/// token (AdaIN), attend to its local audio tokens, and are added to.
class AudioInjector {
 public:
  /// The `index`-th of the checkpoint's audio_injector.
  AudioInjector(const TransformerConfig& config, std::int64_t index, const Weights& weights);

  InjectedAudio listen(const AudioTokens& tokens) const;

  /// Adds to `hidden`: out of the workspace, which must stay until that is done.
  void inject(HiddenStates& hidden_LD, const InjectedAudio& audio, LayerWorkspace& workspace) const;

 private:
  void inject_frames(HiddenStates& hidden_TD, const InjectedAudio& audio, LayerWorkspace& workspace) const;

  Projections projections_;
  Linear modulation_;
};

}  // namespace longtake
