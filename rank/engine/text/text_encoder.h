#pragma once

#include <ATen/ATen.h>

#include <string>

#include "rank/engine/text/tokenizer.h"
#include "rank/engine/text/umt5.h"

namespace longtake {

/// What the transformer sees of a prompt: [words, D], one row per token, the end of sentence among them, at
/// most `longest`. The prompt is cleaned as the published code does. That code pads to `longest` before
/// the encoder and cuts the padding off after it; padding is masked, so encoding without it is the same.
at::Tensor encode_prompt(const UmT5Encoder& encoder, const Tokenizer& tokenizer, const std::string& prompt,
                         std::size_t longest);

}  // namespace longtake
