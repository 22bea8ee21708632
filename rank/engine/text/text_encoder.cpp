#include "rank/engine/text/text_encoder.h"

#include "rank/engine/text/prompt_text.h"

namespace longtake {

at::Tensor encode_prompt(const UmT5Encoder& encoder, const Tokenizer& tokenizer, const std::string& prompt,
                         std::size_t longest) {
  const std::vector<std::int64_t> ids = tokenizer.ids(clean_prompt(prompt), longest);
  const at::Tensor ids_BL = at::tensor(ids, at::kLong).unsqueeze(0);
  return encoder.encode(ids_BL, at::ones_like(ids_BL)).squeeze(0);
}

}  // namespace longtake
