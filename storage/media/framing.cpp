#include "storage/media/framing.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace longtake {
namespace {

constexpr double kLobes = 3;
constexpr double kPi = 3.14159265358979323846;
constexpr std::size_t kFloatsPerPixel = 4;

double lanczos(double x) {
  if (std::fabs(x) < 1e-9) return 1;
  if (std::fabs(x) >= kLobes) return 0;
  const double angle = kPi * x;
  return kLobes * std::sin(angle) * std::sin(angle / kLobes) / (angle * angle);
}

}  // namespace

CoverScaler::CoverScaler(FrameSize source, FrameSize target) : target_(target) {
  const double scale = std::max(static_cast<double>(target.width) / source.width,
                                static_cast<double>(target.height) / source.height);
  columns_ = taps_along(source.width, target.width, scale);
  rows_ = taps_along(source.height, target.height, scale);
  const auto row_floats = static_cast<std::size_t>(target.width) * kFloatsPerPixel;
  row_.resize(row_floats);
  sum_.resize(row_floats * static_cast<std::size_t>(target.height));
}

std::vector<CoverScaler::Taps> CoverScaler::taps_along(int source, int target, double scale) {
  const double stretch = std::max(1.0, 1 / scale);
  std::vector<Taps> all(static_cast<std::size_t>(target));
  for (int i = 0; i < target; ++i) {
    const double centre = source / 2.0 + (i + 0.5 - target / 2.0) / scale - 0.5;
    const int begin = std::max(0, static_cast<int>(std::ceil(centre - kLobes * stretch)));
    const int end = std::min(source, static_cast<int>(std::floor(centre + kLobes * stretch)) + 1);
    Taps& taps = all[static_cast<std::size_t>(i)];
    taps.begin = begin;
    double sum = 0;
    for (int j = begin; j < end; ++j) sum += lanczos((j - centre) / stretch);
    for (int j = begin; j < end; ++j) {
      taps.weights.push_back(static_cast<float>(lanczos((j - centre) / stretch) / sum));
    }
  }
  return all;
}

void CoverScaler::add_row(const float* rgbx) {
  const int source_row = next_row_++;
  const auto ends_before = [&](int target_row) {
    const Taps& taps = rows_[static_cast<std::size_t>(target_row)];
    return taps.begin + static_cast<int>(taps.weights.size()) <= source_row;
  };
  while (first_open_row_ < target_.height && ends_before(first_open_row_)) ++first_open_row_;
  if (first_open_row_ == target_.height ||
      rows_[static_cast<std::size_t>(first_open_row_)].begin > source_row) {
    return;  // cropped away
  }
  for (std::size_t x = 0; x < columns_.size(); ++x) {
    const Taps& taps = columns_[x];
    const float* pixel = rgbx + static_cast<std::size_t>(taps.begin) * kFloatsPerPixel;
    float mixed[kFloatsPerPixel] = {};
    for (const float weight : taps.weights) {
      for (std::size_t c = 0; c < kFloatsPerPixel; ++c) mixed[c] += weight * pixel[c];
      pixel += kFloatsPerPixel;
    }
    std::copy_n(mixed, kFloatsPerPixel, row_.data() + x * kFloatsPerPixel);
  }
  for (int y = first_open_row_; y < target_.height; ++y) {
    const Taps& taps = rows_[static_cast<std::size_t>(y)];
    if (taps.begin > source_row) break;
    const float weight = taps.weights[static_cast<std::size_t>(source_row - taps.begin)];
    float* out = sum_.data() + static_cast<std::size_t>(y) * row_.size();
    for (std::size_t i = 0; i < row_.size(); ++i) out[i] += weight * row_[i];
  }
}

RgbImage CoverScaler::finish() const {
  RgbImage image{target_, {}};
  image.rgb.reserve(sum_.size() / kFloatsPerPixel * 3);
  for (std::size_t i = 0; i < sum_.size(); ++i) {
    if (i % kFloatsPerPixel == 3) continue;
    image.rgb.push_back(static_cast<std::uint8_t>(std::lround(std::clamp(sum_[i], 0.0F, 255.0F))));
  }
  return image;
}

FrameSize turned(FrameSize stored, int orientation) {
  return orientation >= 5 ? FrameSize{stored.width, stored.height} : stored;
}

RgbImage made_upright(RgbImage image, int orientation) {
  if (orientation <= 1) return image;
  // EXIF 2.32, tag 0x0112: where the stored row 0 and column 0 belong.
  const bool swaps_axes = orientation >= 5;
  const bool mirrors_rows = orientation == 3 || orientation == 4 || orientation == 7 || orientation == 8;
  const bool mirrors_columns = orientation == 2 || orientation == 3 || orientation == 6 || orientation == 7;
  RgbImage upright{turned(image.size, orientation), std::vector<std::uint8_t>(image.rgb.size())};
  const auto [height, width] = std::pair(upright.size.height, upright.size.width);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const int row = mirrors_rows ? height - 1 - y : y;
      const int column = mirrors_columns ? width - 1 - x : x;
      const int stored = swaps_axes ? column * image.size.width + row : row * image.size.width + column;
      std::copy_n(image.rgb.data() + static_cast<std::size_t>(stored) * 3, 3,
                  upright.rgb.data() + static_cast<std::size_t>(y * width + x) * 3);
    }
  }
  return upright;
}

}  // namespace longtake
