#include <algorithm>
#include <vector>

#include "storage/media/framing.h"
#include "storage/media/image.h"

namespace longtake {
namespace {

constexpr int kLongestSide = 512;

RgbImage reduced(const RgbImage& image) {
  const int longest = std::max(image.size.width, image.size.height);
  if (longest <= kLongestSide) return image;
  const auto side = [longest](int length) { return std::max(1, length * kLongestSide / longest); };
  CoverScaler scaler(image.size, {side(image.size.height), side(image.size.width)});
  const auto width = static_cast<std::size_t>(image.size.width);
  std::vector<float> row(width * 4);
  for (int y = 0; y < image.size.height; ++y) {
    const std::uint8_t* rgb = image.rgb.data() + static_cast<std::size_t>(y) * width * 3;
    for (std::size_t x = 0; x < width; ++x) std::copy_n(rgb + x * 3, 3, row.data() + x * 4);
    scaler.add_row(row.data());
  }
  return scaler.finish();
}

std::vector<double> luma_of(const RgbImage& image) {
  std::vector<double> luma(image.rgb.size() / 3);
  for (std::size_t i = 0; i < luma.size(); ++i) {
    const std::uint8_t* rgb = image.rgb.data() + i * 3;
    luma[i] = 0.2126 * rgb[0] + 0.7152 * rgb[1] + 0.0722 * rgb[2];
  }
  return luma;
}

double laplacian_variance(const std::vector<double>& luma, FrameSize size) {
  const auto width = static_cast<std::size_t>(size.width);
  const auto height = static_cast<std::size_t>(size.height);
  double sum = 0;
  double sum_of_squares = 0;
  double count = 0;
  for (std::size_t y = 1; y + 1 < height; ++y) {
    for (std::size_t x = 1; x + 1 < width; ++x) {
      const double* at = luma.data() + y * width + x;
      const double value = at[-1] + at[1] + *(at - width) + at[width] - 4 * at[0];
      sum += value;
      sum_of_squares += value * value;
      ++count;
    }
  }
  if (count == 0) return 0;
  return std::max(0.0, sum_of_squares / count - sum / count * sum / count);
}

}  // namespace

ImageDetail measure_detail(const RgbImage& image) {
  const RgbImage small = reduced(image);
  const std::vector<double> luma = luma_of(small);
  ImageDetail detail;
  for (const double value : luma) detail.mean_luma += value / static_cast<double>(luma.size());
  detail.sharpness = laplacian_variance(luma, small.size);
  return detail;
}

}  // namespace longtake
