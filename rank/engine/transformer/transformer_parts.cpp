#include "rank/engine/transformer/transformer_parts.h"

#include <string>
#include <vector>

namespace longtake {
namespace {

void leave_layer(const TransformerConfig& config, std::int64_t layer, const Weights& weights) {
  weights.leave("blocks." + std::to_string(layer) + ".");
  const auto injector = config.injector_of(layer);
  if (!injector) return;
  weights.leave("audio_injector.injector." + std::to_string(*injector) + ".");
  weights.leave("audio_injector.injector_adain_layers." + std::to_string(*injector) + ".");
}

}  // namespace

void leave_other_parts(const TransformerConfig& config, const TransformerParts& parts,
                       const Weights& weights) {
  const auto leave_unless = [&](bool loaded, const std::vector<std::string>& prefixes) {
    if (loaded) return;
    for (const std::string& prefix : prefixes) weights.leave(prefix);
  };
  leave_unless(parts.input, {"patch_embedding.", "cond_encoder.", "frame_packer.", "trainable_cond_mask."});
  leave_unless(parts.text, {"text_embedding."});
  leave_unless(parts.time, {"time_embedding.", "time_projection."});
  leave_unless(parts.audio, {"casual_audio_encoder."});
  leave_unless(parts.output, {"head."});
  for (std::int64_t layer = 0; layer < config.layers; ++layer) {
    if (!parts.layers.contains(layer)) leave_layer(config, layer, weights);
  }
}

}  // namespace longtake
