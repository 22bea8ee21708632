#include "rank/engine/pipeline/encoded_inputs.h"

#include <string>

namespace longtake {

Prompt EncodedInputs::prompt(double guide_scale) const {
  Prompt prompt;
  prompt.words_WE = words_WE;
  if (null_words_WE.defined()) prompt.null_words_WE = null_words_WE;
  prompt.guide_scale = guide_scale;
  return prompt;
}

Conditioning EncodedInputs::conditioning() const {
  return {reference_CFYX, motion_CFYX, [this](std::int64_t clip) { return features_ZEV.at(clip); }};
}

EncodedInputs share_inputs(const GroupSeat& seat, const WantedInputs& wanted, EncodedInputs own) {
  const StageRoutes& routes = seat.routes;
  const int text = routes.text_stage();
  const ClipShape& clip = wanted.clip;
  own.words_WE = share(seat, {"words", text, routes.transformers(), {-1, -1}}, own.words_WE);
  if (wanted.needs_null_prompt) {
    own.null_words_WE =
        share(seat, {"words of the null prompt", text, routes.transformers(), {-1, -1}}, own.null_words_WE);
  }
  own.reference_CFYX =
      share(seat, {"reference latents", text, routes.entries(), {clip.channels, 1, clip.height, clip.width}},
            own.reference_CFYX);
  own.motion_CFYX =
      share(seat, {"motion latents", text, routes.entries(), {clip.channels, -1, clip.height, clip.width}},
            own.motion_CFYX);
  for (const std::int64_t heard : wanted.clips) {
    const SharedTensor what{"speech of clip " + std::to_string(heard),
                            routes.audio_stage(),
                            routes.entries(),
                            {-1, -1, clip.frames()}};
    const at::Tensor features = share(seat, what, own.features_ZEV[heard]);
    own.features_ZEV[heard] = features;
  }
  return own;
}

}  // namespace longtake
