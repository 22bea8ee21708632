#include "rank/engine/transformer/text_embedding.h"

#include <string>

#include "jobs/error.h"
#include "rank/engine/kernels/activation.h"

namespace longtake {

TextEmbedding::TextEmbedding(const TransformerConfig& config, const Weights& weights)
    : text_len_(config.text_len),
      first_(take_linear(weights, "text_embedding.0", config.text_dim, config.dim)),
      second_(take_linear(weights, "text_embedding.2", config.dim, config.dim)) {}

at::Tensor TextEmbedding::operator()(const at::Tensor& words_WE) const {
  const std::int64_t missing = text_len_ - words_WE.size(0);
  if (missing < 0) {
    throw Error(ErrorKind::InvalidInput, "the prompt has " + std::to_string(words_WE.size(0)) +
                                             " tokens, the model takes at most " + std::to_string(text_len_));
  }
  const at::Tensor padded_TE =
      at::constant_pad_nd(words_WE.to(first_.weight_OI.options()), {0, 0, 0, missing});
  const at::Tensor inner_TD = first_(padded_TE);
  gelu_(inner_TD);
  return second_(inner_TD);
}

}  // namespace longtake
