#include "rank/engine/audio/feature_rate.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "jobs/error.h"

namespace longtake {
namespace {

/// [N, W, D] at fractional places of the window -> [N, places, D].
at::Tensor interpolated(const at::Tensor& window_NWD, const std::vector<double>& places) {
  const std::int64_t last = window_NWD.size(1) - 1;
  std::vector<std::int64_t> before;
  std::vector<double> share;
  for (const double place : places) {
    const auto whole = static_cast<std::int64_t>(std::floor(place));
    if (whole < 0 || whole > last || (whole == last && place > static_cast<double>(last) + 1e-6)) {
      throw Error(ErrorKind::Bug, "asked for the audio feature at " + std::to_string(place) +
                                      " of a window of " + std::to_string(last + 1));
    }
    before.push_back(whole);
    share.push_back(place - static_cast<double>(whole));
  }
  const at::Tensor before_P = at::tensor(before, at::kLong).to(window_NWD.device());
  const at::Tensor after_P = (before_P + 1).clamp_max(last);
  const at::Tensor share_P1 =
      at::tensor(share, at::kDouble).to(window_NWD.device(), window_NWD.scalar_type()).unsqueeze(1);
  return at::lerp(window_NWD.index_select(1, before_P), window_NWD.index_select(1, after_P), share_P1);
}

}  // namespace

FeatureRate::FeatureRate(std::int64_t frames_50fps)
    : frames_50fps_(frames_50fps), frames_30fps_(frames_50fps * 3 / 5) {}

double FeatureRate::place_of_30fps(std::int64_t frame) const {
  if (frames_30fps_ < 2) return 0.0;
  return static_cast<double>(frame) * static_cast<double>(frames_50fps_ - 1) /
         static_cast<double>(frames_30fps_ - 1);
}

std::optional<std::int64_t> FeatureRate::frame_30fps_of_video(std::int64_t video_frame) const {
  const std::int64_t nearest = (12 * video_frame + 5) / 10;  // 30/25 of it, rounded; halves do not occur
  if (nearest >= frames_30fps_) return std::nullopt;
  return nearest;
}

at::Tensor features_at_30fps(const at::Tensor& features_NTD) {
  const FeatureRate rate(features_NTD.size(1));
  std::vector<double> places;
  for (std::int64_t frame = 0; frame < rate.frames_30fps(); ++frame)
    places.push_back(rate.place_of_30fps(frame));
  return interpolated(features_NTD, places);
}

at::Tensor features_at_25fps(const at::Tensor& window_NWD, std::int64_t first, const FeatureRate& rate,
                             std::int64_t begin, std::int64_t count) {
  std::vector<double> places;
  for (std::int64_t frame = begin; frame < begin + count; ++frame) {
    const std::optional<std::int64_t> source = rate.frame_30fps_of_video(frame);
    if (!source) break;
    places.push_back(rate.place_of_30fps(*source) - static_cast<double>(first));
  }
  const auto heard = static_cast<std::int64_t>(places.size());
  const at::Tensor silence_FND =
      at::zeros({count - heard, window_NWD.size(0), window_NWD.size(2)}, window_NWD.options());
  if (heard == 0) return silence_FND;
  return at::cat({interpolated(window_NWD, places).transpose(0, 1), silence_FND});
}

}  // namespace longtake
