#include "rank/engine/pipeline/block_audio.h"

#include <set>
#include <string>

// F latent frames of a block, D model width, N local tokens, Z layers of the speech encoder, E its width, V
// video frames
namespace longtake {

void BlockAudio::hear(std::int64_t clip) {
  if (clips_.count(clip) == 1) return;
  const bool is_ours = denoiser_.has_first_layer();
  const at::Tensor clip_ZEV = is_ours ? features_ZEV(clip).to(denoiser_.device(), at::kFloat) : at::Tensor();
  const std::vector<int>& row = seat_.routes.row(seat_.routes.stage(seat_.stage).steps.begin);
  const std::set<int> users(row.begin(), row.end());
  for (std::int64_t block = 0; block < denoiser_.clip().blocks; ++block) {
    AudioTokens made;
    if (is_ours) made = denoiser_.hear(clip_ZEV.narrow(2, block * kBlockFrames, kBlockFrames));
    const std::string of = " audio of clip " + std::to_string(clip) + ", block " + std::to_string(block);
    const at::Tensor global_FD =
        share(seat_, {"global" + of, row.front(), users, {kBlockLatentFrames, -1}}, made.global_FD);
    const at::Tensor local_FND =
        share(seat_, {"local" + of, row.front(), users, {kBlockLatentFrames, -1, -1}}, made.local_FND);
    clips_[clip].push_back({global_FD.to(denoiser_.device()), local_FND.to(denoiser_.device())});
  }
}

/// Silence is what the published program feeds behind a recording's end.
at::Tensor BlockAudio::features_ZEV(std::int64_t clip) const {
  return clip < 0 ? at::zeros_like(conditioning_.features_ZEV(0)) : conditioning_.features_ZEV(clip);
}

}  // namespace longtake
