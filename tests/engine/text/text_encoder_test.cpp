#include "rank/engine/text/text_encoder.h"

#include <c10/core/InferenceMode.h>
#include <gtest/gtest.h>

#include "tests/engine/reference.h"

namespace longtake {
namespace {

TEST(TextEncoder, GivesOneRowPerTokenOfTheCleanedPrompt) {
  const c10::InferenceMode inference;
  const Tokenizer tokenizer(reference("spiece.model"));
  UmT5Config config;
  config.vocabulary = 1 << 16;
  config.width = 8;
  config.attention_width = 8;
  config.ffn_width = 16;
  config.heads = 2;
  config.layers = 1;
  config.buckets = 32;
  const UmT5Encoder encoder(config, random_weights(3, {}));
  const auto rows = static_cast<std::int64_t>(tokenizer.ids("she speaks & smiles", 512).size());
  const at::Tensor context = encode_prompt(encoder, tokenizer, "  she speaks &amp; smiles\n", 512);
  EXPECT_EQ(context.sizes(), (std::vector<std::int64_t>{rows, config.width}));
  EXPECT_TRUE(at::equal(context, encode_prompt(encoder, tokenizer, "she speaks & smiles", 512)));
  EXPECT_EQ(encode_prompt(encoder, tokenizer, "she speaks", 2).size(0), 2);
}

}  // namespace
}  // namespace longtake
