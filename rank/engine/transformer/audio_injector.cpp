#include "rank/engine/transformer/audio_injector.h"

#include "rank/engine/transformer/pointwise.h"

namespace longtake {
namespace {

// The published injectors keep their library's defaults, whatever the config's eps is.
constexpr double kAttentionEps = 1e-6;
constexpr double kAdainEps = 1e-5;

}  // namespace

AudioInjector::AudioInjector(const TransformerConfig& config, std::int64_t index, const Weights& weights)
    : projections_(config, weights.select("audio_injector.injector." + std::to_string(index) + "."),
                   kAttentionEps),
      modulation_(take_linear(weights,
                              "audio_injector.injector_adain_layers." + std::to_string(index) + ".linear",
                              config.dim, 2 * config.dim)) {}

InjectedAudio AudioInjector::listen(const AudioTokens& tokens) const {
  const auto options = projections_.options();
  const at::Tensor both_F2D = modulation_(at::silu(tokens.global_FD.to(options))).to(at::kFloat);
  const std::vector<at::Tensor> shift_scale = both_F2D.chunk(2, -1);
  InjectedAudio audio{shift_scale[0].contiguous(), shift_scale[1].contiguous(), {}};
  for (std::int64_t frame = 0; frame < tokens.local_FND.size(0); ++frame) {
    audio.frames.push_back(projections_.keys_values(tokens.local_FND[frame].to(options)));
  }
  return audio;
}

void AudioInjector::inject(const at::Tensor& hidden_LD, const InjectedAudio& audio,
                           LayerWorkspace& workspace) const {
  const auto frames = static_cast<std::int64_t>(audio.frames.size());
  const std::int64_t tokens = hidden_LD.size(0) / frames;
  for (std::int64_t frame = 0; frame < frames; ++frame) {
    const at::Tensor part_TD = hidden_LD.narrow(0, frame * tokens, tokens);
    const at::Tensor normed_TD =
        modulated_norm(part_TD, audio.scale_FD[frame], audio.shift_FD[frame], kAdainEps);
    const at::Tensor heard_TD = projections_.cross(normed_TD.to(projections_.options()),
                                                   audio.frames[static_cast<std::size_t>(frame)], workspace);
    add_(part_TD, heard_TD);
  }
}

}  // namespace longtake
