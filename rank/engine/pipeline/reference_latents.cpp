#include "rank/engine/pipeline/reference_latents.h"

#include "rank/engine/pipeline/clip_shape.h"

// B batch, C channels, T frames, H height, W width, F latent frames, Y latent rows, X latent columns
namespace longtake {
namespace {

/// Of the 365 frames: 1 + 4 * 91.
constexpr std::int64_t kPublishedLatentFrames = 92;

at::Tensor frame_BCTHW(const std::vector<std::uint8_t>& rgb, FrameSize size) {
  at::Tensor bytes_HWC = at::empty({size.height, size.width, 3}, at::kByte);
  std::copy(rgb.begin(), rgb.end(), bytes_HWC.data_ptr<std::uint8_t>());
  return bytes_HWC.to(at::kFloat).div(127.5).sub(1).permute({2, 0, 1}).unsqueeze(0).unsqueeze(2);
}

}  // namespace

ReferenceLatents encode_reference(const VaeEncoder& encoder, const std::vector<std::uint8_t>& rgb,
                                  FrameSize size) {
  const at::Tensor one_BCTHW = frame_BCTHW(rgb, size);
  const at::Tensor four_BCTHW = one_BCTHW.expand({1, 3, kFramesPerLatentFrame, size.height, size.width});
  VaeStream stream;
  std::vector<at::Tensor> latents_CFYX = {encoder.encode(stream, one_BCTHW)[0]};
  bool is_at_rest = false;
  while (static_cast<std::int64_t>(latents_CFYX.size()) < kPublishedLatentFrames) {
    if (is_at_rest) {
      latents_CFYX.push_back(latents_CFYX.back());
      continue;
    }
    const VaeStream before = stream;
    latents_CFYX.push_back(encoder.encode(stream, four_BCTHW)[0]);
    is_at_rest = before == stream;
  }
  const std::vector<at::Tensor> latest(latents_CFYX.end() - kMotionLatentFrames, latents_CFYX.end());
  return {latents_CFYX[1], at::cat(latest, 1)};
}

}  // namespace longtake
