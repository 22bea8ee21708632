#include "rank/engine/transformer/audio_injector.h"

#include <vector>

namespace longtake {
namespace {

// The published injectors keep their library's defaults, whatever the config's eps is.
constexpr double kAttentionEps = 1e-6;
constexpr double kAdainEps = 1e-5;

/// All fill a GPU better than one. On a CPU the bits of a product may depend on its number of rows: those of
/// a film stay what they are.
std::int64_t frames_at_once(const at::Tensor& x, std::int64_t frames) { return x.is_cpu() ? 1 : frames; }

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
  const at::Tensor local_FND = tokens.local_FND.to(options);
  const std::int64_t frames = local_FND.size(0), step = frames_at_once(local_FND, frames);
  std::vector<at::Tensor> keys, values;
  for (std::int64_t first = 0; first < frames; first += step) {
    const KeysValues heard = projections_.keys_values(local_FND.narrow(0, first, step).flatten(0, 1));
    keys.push_back(heard.keys);
    values.push_back(heard.values);
  }
  const auto by_frame = [&](const std::vector<at::Tensor>& parts) {
    const at::Tensor all = parts.size() == 1 ? parts.front() : at::cat(parts);
    return all.view({frames, local_FND.size(1), all.size(1), all.size(2)});
  };
  return {{shift_scale[1].add(1), shift_scale[0].contiguous(), kAdainEps},
          {by_frame(keys), by_frame(values)}};
}

void AudioInjector::inject(HiddenStates& hidden_LD, const InjectedAudio& audio,
                           LayerWorkspace& workspace) const {
  const std::int64_t frames = audio.context.keys.size(0), step = frames_at_once(audio.context.keys, frames);
  if (step == frames) return inject_frames(hidden_LD, audio, workspace);
  const at::Tensor sum_LD = hidden_LD.sum_TD();
  const std::int64_t tokens = sum_LD.size(0) / frames;
  for (std::int64_t first = 0; first < frames; first += step) {
    const auto of_frames = [&](const at::Tensor& all) { return all.narrow(0, first, step); };
    HiddenStates part_TD(sum_LD.narrow(0, first * tokens, step * tokens));
    const LayerNorm& norm = audio.norm;
    inject_frames(part_TD,
                  {{of_frames(norm.gain_FD), of_frames(norm.shift_FD), norm.eps},
                   {of_frames(audio.context.keys), of_frames(audio.context.values)}},
                  workspace);
    part_TD.sum_TD();
  }
}

void AudioInjector::inject_frames(HiddenStates& hidden_TD, const InjectedAudio& audio,
                                  LayerWorkspace& workspace) const {
  const LinearInput normed_TD = hidden_TD.normed_for(projections_.reader(), audio.norm);
  hidden_TD.add(projections_.cross(normed_TD, audio.context, workspace));
}

}  // namespace longtake
