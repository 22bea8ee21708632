#include "rank/engine/bench/step_work.h"

namespace longtake {

StepWork step_work(const TransformerConfig& config, const ClipShape& clip, Interval layers) {
  const TokenGrid grid = clip.block_grid();
  const auto block = static_cast<double>(grid.tokens());
  const double seen = static_cast<double>(sink_tokens(grid)) + static_cast<double>(clip.blocks) * block;
  const auto width = static_cast<double>(config.dim);
  const auto inner = static_cast<double>(config.ffn_dim);
  const auto words = static_cast<double>(config.text_len);
  const auto sounds = static_cast<double>(config.audio_heads + 1);  // of the frame that a token belongs to
  StepWork work;
  for (std::int64_t layer = layers.begin; layer < layers.end; ++layer) {
    const bool hears = config.injector_of(layer).has_value();
    // Query, key, value, output; query and output for the text and for the audio; in and out of the network.
    const double products = (hears ? 8.0 : 6.0) * width * width + 2 * width * inner;
    work.linear_flop += 2 * block * products;
    work.attention_flop += 4 * block * width * (seen + words + (hears ? sounds : 0));
  }
  return work;
}

}  // namespace longtake
