#include "rank/engine/pipeline/anchor.h"

#include <string>

#include "rank/engine/sampling/determinism.h"

namespace longtake {

at::Tensor noise_CFYX(const ClipShape& shape, std::int64_t base_seed, std::int64_t clip) {
  return clip_noise(base_seed, clip, {shape.channels, shape.latent_frames(), shape.height, shape.width});
}

at::Tensor make_anchor(const GroupSeat& seat, const ClipShape& clip, Denoiser* denoiser,
                       const BlockAudio* audio, std::int64_t base_seed) {
  const StageRoutes& routes = seat.routes;
  at::Tensor latent_CFYX = noise_CFYX(clip, base_seed, 0).narrow(1, 0, kBlockLatentFrames);
  for (std::int64_t step = 0; step < routes.steps(); ++step) {
    at::Tensor made_CFYX;
    if (routes.is_in_row(seat.stage, step)) {
      denoiser->clear_window(step);
      if (latent_CFYX.defined()) latent_CFYX = latent_CFYX.to(denoiser->device());
      made_CFYX =
          denoiser->denoise({step, 0, sink_distance(base_seed, 0, step)}, audio->of(0, 0), latent_CFYX);
    }
    const std::int64_t level = step + 1;
    const bool is_anchor = level == routes.steps();
    latent_CFYX = share(seat,
                        {"the anchor's latent after " + std::to_string(level) + " steps",
                         routes.exit(step),
                         is_anchor ? routes.anchor_users() : routes.users_of(level, /*is_kept=*/false),
                         {clip.channels, kBlockLatentFrames, clip.height, clip.width}},
                        made_CFYX);
  }
  return latent_CFYX.defined() ? latent_CFYX.narrow(1, 0, 1).to(at::kCPU).clone() : at::Tensor();
}

}  // namespace longtake
