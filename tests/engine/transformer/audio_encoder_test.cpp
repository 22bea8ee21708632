#include "rank/engine/transformer/audio_encoder.h"

#include <gtest/gtest.h>

#include "tests/engine/reference.h"
#include "tests/engine/transformer/small_transformer.h"

namespace longtake {
namespace {

constexpr const char* kReference = "dit_audio_encoder.safetensors";

TEST(AudioEncoder, GivesThePublishedTokens) {
  const AudioEncoder encoder(reference_config(), reference_transformer_weights());
  const AudioTokens tokens = encoder.encode(reference_tensor(kReference, "audio_in")[0]);
  EXPECT_LT(relative_error(tokens.global_FD, reference_tensor(kReference, "audio_global")[0].squeeze(1)),
            1e-4);
  EXPECT_LT(relative_error(tokens.local_FND, reference_tensor(kReference, "audio_local")[0]), 1e-4);
}

TEST(AudioEncoder, ABlockNeedsOnlyAFewOfTheRepeatedFrames) {
  const TransformerConfig config = reference_config();
  const AudioEncoder encoder(config, reference_transformer_weights());
  const at::Tensor all_ZEV = reference_tensor(kReference, "audio_in")[0];
  const std::int64_t repeated = config.motion_frames;
  const AudioTokens block = encoder.block(all_ZEV.narrow(2, repeated, all_ZEV.size(2) - repeated));
  const std::int64_t first = (repeated + 3) / 4;
  const at::Tensor global = reference_tensor(kReference, "audio_global")[0].squeeze(1);
  const at::Tensor local = reference_tensor(kReference, "audio_local")[0];
  EXPECT_LT(relative_error(block.global_FD, global.narrow(0, first, global.size(0) - first)), 1e-4);
  EXPECT_LT(relative_error(block.local_FND, local.narrow(0, first, local.size(0) - first)), 1e-4);
}

}  // namespace
}  // namespace longtake
