#include "rank/engine/vae/band_conv.h"

#include <algorithm>
#include <cstring>

#include "rank/engine/compute_threads.h"
#include "rank/engine/profile_scopes.h"

namespace longtake {
namespace {

// A tile's stacked input stays within a few MB, so that the C library gives it again and again from the
// same memory; and even one small frame is worth sharing.
constexpr std::int64_t kBandPixels = 4096;
constexpr std::int64_t kFewestTiles = 4;

/// Of a frame that is read.
struct FrameLayout {
  std::int64_t channels = 0, height = 0, width = 0;
  at::TensorOptions options;
};

FrameLayout layout_of(const FrameViews& frames) {
  const at::Tensor& any =
      *std::find_if(frames.begin(), frames.end(), [](const at::Tensor& frame) { return frame.defined(); });
  return {any.size(0), any.size(1), any.size(2), any.options()};
}

/// Pixels are short, so a call of memcpy for each would take longer than its copy.
inline void copy_bytes(char* to, const char* from, std::int64_t count) {
  constexpr std::int64_t kVector = 32;
  for (; count >= kVector; count -= kVector, to += kVector, from += kVector) std::memcpy(to, from, kVector);
  for (std::int64_t i = 0; i < count; ++i) to[i] = from[i];
}

/// Rows and columns of the pixels, enlarged ones, that a band sees; what lies beyond the frame is zero.
struct Window {
  std::int64_t top = 0, left = 0, rows = 0, columns = 0;
};

/// Writes the window of one frame into its channels of `to`, which points to their first.
void copy_window(char* to, std::int64_t to_pixel_bytes, const at::Tensor& frame_CHW, const Window& window,
                 std::int64_t enlarge) {
  const auto bytes = static_cast<std::int64_t>(frame_CHW.element_size());
  const std::int64_t height = frame_CHW.size(1) * enlarge, width = frame_CHW.size(2) * enlarge;
  const std::int64_t pixel_bytes = frame_CHW.size(0) * bytes;
  const std::int64_t from_row = frame_CHW.stride(1) * bytes, from_pixel = frame_CHW.stride(2) * bytes;
  const char* from = static_cast<const char*>(frame_CHW.data_ptr());
  for (std::int64_t y = window.top; y < window.top + window.rows; ++y) {
    const bool is_inside = y >= 0 && y < height;
    const char* row = is_inside ? from + y / enlarge * from_row : nullptr;
    for (std::int64_t x = window.left; x < window.left + window.columns; ++x, to += to_pixel_bytes) {
      if (is_inside && x >= 0 && x < width) {
        copy_bytes(to, row + (enlarge == 1 ? x : x / enlarge) * from_pixel, pixel_bytes);
      } else {
        std::memset(to, 0, static_cast<std::size_t>(pixel_bytes));
      }
    }
  }
}

/// [1, S, rows, columns] in channels-last memory from frames `first` to `first` + D - 1.
at::Tensor stacked_window(const FrameViews& frames, std::int64_t first, std::int64_t depth,
                          const FrameLayout& layout, const Window& window, std::int64_t enlarge) {
  RECORD_USER_SCOPE(kGatherScope);
  const at::Tensor stacked = at::empty({1, depth * layout.channels, window.rows, window.columns},
                                       layout.options.memory_format(at::MemoryFormat::ChannelsLast));
  const std::int64_t frame_bytes = layout.channels * static_cast<std::int64_t>(stacked.element_size());
  for (std::int64_t d = 0; d < depth; ++d) {
    const at::Tensor& frame = frames[static_cast<std::size_t>(first + d)];
    if (!frame.defined()) {
      stacked.narrow(1, d * layout.channels, layout.channels).zero_();
      continue;
    }
    char* to = static_cast<char*>(stacked.data_ptr()) + d * frame_bytes;
    copy_window(to, depth * frame_bytes, frame, window, enlarge);
  }
  return stacked;
}

std::int64_t side_of_result(std::int64_t length, std::int64_t kernel_side, ConvSteps steps) {
  return steps.side == 1 ? length * steps.enlarge : (length + 1 - kernel_side) / steps.side + 1;
}

std::int64_t rows_of_band(std::int64_t frames, std::int64_t height, std::int64_t width) {
  const std::int64_t fewest_bands = (kFewestTiles + frames - 1) / frames;
  const std::int64_t bands = std::max(fewest_bands, (height * width + kBandPixels - 1) / kBandPixels);
  return (height + bands - 1) / bands;
}

}  // namespace

FrameViews views_of(const at::Tensor& x_TCHW) {
  FrameViews views;
  for (std::int64_t frame = 0; frame < x_TCHW.size(0); ++frame) views.push_back(x_TCHW.select(0, frame));
  return views;
}

StackedKernel StackedKernel::of(const at::Tensor& weight_OCDKK, const at::Tensor& bias_O) {
  const std::int64_t depth = weight_OCDKK.size(2);
  const at::Tensor weight_OSKK = weight_OCDKK.transpose(1, 2).flatten(1, 2);
  return {weight_OSKK.contiguous(at::MemoryFormat::ChannelsLast), bias_O, depth};
}

at::Tensor conv_by_bands(const StackedKernel& kernel, const FrameViews& frames, ConvSteps steps,
                         const at::Tensor& plus) {
  const FrameLayout layout = layout_of(frames);
  const std::int64_t side = kernel.weight_OSKK.size(2), padding = steps.side == 1 ? side / 2 : 0;
  const std::int64_t count = (static_cast<std::int64_t>(frames.size()) - kernel.depth) / steps.time + 1;
  const std::int64_t height = side_of_result(layout.height, side, steps);
  const std::int64_t width = side_of_result(layout.width, side, steps);
  const at::Tensor out_TOHW = at::empty({count, kernel.bias_O.size(0), height, width},
                                        layout.options.memory_format(at::MemoryFormat::ChannelsLast));
  const TileCut bands(height, rows_of_band(count, height, width));
  for_each_tile(layout.options.device(), count * bands.count, [&](std::int64_t tile) {
    const std::int64_t frame = tile / bands.count, band = tile % bands.count;
    const std::int64_t first = bands.begin(band), rows = bands.size_of(band);
    const Window window = {first * steps.side - padding, -padding, (rows - 1) * steps.side + side,
                           (width - 1) * steps.side + side};
    const at::Tensor in_1SHW =
        stacked_window(frames, frame * steps.time, kernel.depth, layout, window, steps.enlarge);
    const at::Tensor part_1OHW = at::conv2d(in_1SHW, kernel.weight_OSKK, kernel.bias_O, steps.side);
    at::Tensor to = out_TOHW.narrow(0, frame, 1).narrow(2, first, rows);
    if (plus.defined()) {
      at::add_out(to, part_1OHW, plus.narrow(0, frame, 1).narrow(2, first, rows));
    } else {
      to.copy_(part_1OHW);
    }
  });
  return out_TOHW;
}

}  // namespace longtake
