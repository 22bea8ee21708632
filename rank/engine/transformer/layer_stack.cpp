#include "rank/engine/transformer/layer_stack.h"

#include <string>
#include <utility>

#include "jobs/error.h"

namespace longtake {

LayerStack::LayerStack(const TransformerConfig& config, Interval layers, const Weights& weights)
    : config_(config),
      interval_(layers),
      options_(at::TensorOptions(weights.options().dtype).device(weights.options().device)) {
  if (layers.begin < 0 || layers.begin >= layers.end || layers.end > config.layers) {
    throw Error(ErrorKind::Bug,
                "layers " + text_of(layers) + " of a model with " + std::to_string(config.layers));
  }
  for (std::int64_t index = layers.begin; index < layers.end; ++index) {
    layers_.emplace_back(config, index, weights);
  }
}

StackText LayerStack::text(const at::Tensor& text_TD) const {
  StackText text;
  for (const Layer& layer : layers_) text.layers.push_back(layer.text(text_TD));
  return text;
}

StackAudio LayerStack::audio(const AudioTokens& tokens) const {
  StackAudio audio;
  for (const Layer& layer : layers_) audio.layers.push_back(layer.audio(tokens));
  return audio;
}

CacheRoom LayerStack::room_for(const CacheShape& shape) {
  if (shape.dtype == KvCacheDtype::Auto) {
    workspace_.opened_keys_SD.reset();  // a job before may have had them
    workspace_.opened_values_SD.reset();
    return {};
  }
  const auto tokens_in = [&](at::Tensor& buffer_SD) {
    return LayerWorkspace::rows_of(buffer_SD, shape.tokens(), config_.dim, options_)
        .view({shape.tokens(), config_.heads, config_.head_dim()});
  };
  return {tokens_in(workspace_.opened_keys_SD), tokens_in(workspace_.opened_values_SD)};
}

StepCache LayerStack::new_cache(const CacheShape& shape) {
  return StepCache(config_, shape, static_cast<std::int64_t>(layers_.size()), options_, room_for(shape));
}

at::Tensor LayerStack::run_sink(at::Tensor hidden_SD, const at::Tensor& turn_SJ,
                                const TimeModulation& time_zero, const StackText& text, StepCache& cache) {
  HiddenStates hidden(std::move(hidden_SD));
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    layers_[i].run_sink(hidden, turn_SJ, time_zero, text.layers.at(i), cache.layer(i), workspace_);
  }
  return hidden.sum_TD();
}

at::Tensor LayerStack::run_block(at::Tensor hidden_LD, const BlockPlace& place, const TimeModulation& time,
                                 const StackText& text, const StackAudio& audio, StepCache& cache) {
  HiddenStates hidden(std::move(hidden_LD));
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    layers_[i].run_block(hidden, place, time, text.layers.at(i), audio.layers.at(i), cache.layer(i),
                         workspace_);
  }
  return hidden.sum_TD();
}

}  // namespace longtake
