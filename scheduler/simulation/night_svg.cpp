#include "scheduler/simulation/night_svg.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <sstream>

namespace longtake {
namespace {

constexpr double kWidth = 960, kHeight = 420;
constexpr double kLeft = 70, kRight = 940, kTop = 70, kBottom = 360;
constexpr std::size_t kParts = 240;

struct Layer {
  GpuUse use;
  const char* name;
  const char* colour;
};
/// From below.
constexpr std::array<Layer, kGpuUses> kLayers = {{{GpuUse::Kept, "making what is kept", "#2f7d5b"},
                                                  {GpuUse::Loading, "loading the model", "#d9a441"},
                                                  {GpuUse::Lost, "making what was lost", "#b8433a"}}};

std::string number(double value) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.1f", value);
  return text.data();
}

std::string text_at(double x, double y, const char* anchor, const std::string& text) {
  return "<text x=\"" + number(x) + "\" y=\"" + number(y) + "\" text-anchor=\"" + anchor + "\">" + text +
         "</text>\n";
}

double x_of(std::size_t part) {
  return kLeft + (kRight - kLeft) * static_cast<double>(part) / static_cast<double>(kParts);
}
double y_of(double share) { return kBottom - (kBottom - kTop) * std::min(1.0, share); }

using Shares = std::vector<double>;  ///< of all GPUs, one per part

/// The area between two stacked lines, as steps: a part is as high as its mean.
std::string area(const Shares& below, const Shares& above, const Layer& layer) {
  std::string path = "M";
  for (std::size_t part = 0; part < kParts; ++part) {
    for (const std::size_t edge : {part, part + 1})
      path += number(x_of(edge)) + "," + number(y_of(above[part])) + " ";
  }
  for (std::size_t part = kParts; part-- > 0;) {
    for (const std::size_t edge : {part + 1, part})
      path += number(x_of(edge)) + "," + number(y_of(below[part])) + " ";
  }
  return "<path d=\"" + path + "Z\" fill=\"" + layer.colour + "\"/>\n";
}

std::string areas(const NightResult& result) {
  const double part_s = static_cast<double>(result.gpus) * static_cast<double>(result.makespan_ms) / 1000 /
                        static_cast<double>(kParts);
  const auto parts = result.usage.in_parts(kParts, result.makespan_ms);
  Shares below(kParts, 0);
  std::string drawn;
  for (const Layer& layer : kLayers) {
    Shares above = below;
    for (std::size_t part = 0; part < kParts && part_s > 0; ++part)
      above[part] += parts[part].of(layer.use) / part_s;
    drawn += area(below, above, layer);
    below = std::move(above);
  }
  return drawn;
}

/// About six ticks, at round numbers of minutes.
std::int64_t tick_minutes(double minutes) {
  for (const std::int64_t step : {1, 2, 5, 10, 15, 30, 60, 120, 240, 480}) {
    if (minutes / static_cast<double>(step) <= 8) return step;
  }
  return static_cast<std::int64_t>(minutes / 6) + 1;
}

std::string axes(const NightResult& result) {
  std::ostringstream out;
  out << "<path d=\"M" << number(kLeft) << "," << number(kTop) << " V" << number(kBottom) << " H"
      << number(kRight) << "\" fill=\"none\" stroke=\"#555\"/>\n";
  for (const double share : {0.0, 0.5, 1.0}) {
    out << text_at(kLeft - 8, y_of(share) + 4, "end",
                   std::to_string(std::llround(share * static_cast<double>(result.gpus))));
  }
  const double minutes = static_cast<double>(result.makespan_ms) / 60'000;
  const std::int64_t step = tick_minutes(minutes);
  for (std::int64_t tick = 0; minutes > 0 && static_cast<double>(tick) <= minutes; tick += step) {
    const double x = kLeft + (kRight - kLeft) * static_cast<double>(tick) / minutes;
    std::array<char, 32> label{};
    std::snprintf(label.data(), label.size(), "%lld:%02lld", static_cast<long long>(tick / 60),
                  static_cast<long long>(tick % 60));
    out << text_at(x, kBottom + 18, "middle", label.data());
  }
  return out.str();
}

std::string legend() {
  std::string drawn;
  double x = kLeft;
  for (const Layer& layer : kLayers) {
    drawn += "<rect x=\"" + number(x) + "\" y=\"395\" width=\"12\" height=\"12\" fill=\"" + layer.colour +
             "\"/>\n";
    drawn += text_at(x + 18, 405.5, "start", layer.name);
    x += 190;
  }
  return drawn + text_at(x, 405.5, "start", "white: idle or out of order");
}

}  // namespace

std::string to_svg(const NightResult& result) {
  std::array<char, 200> title{};
  std::snprintf(title.data(), title.size(),
                "%zu films on %zu GPUs: %.1f %% of their time kept, %.1f %% above the lower bound",
                result.jobs, result.gpus, 100 * result.utilisation(), 100 * result.overhead());
  std::ostringstream out;
  out << "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" << kWidth << "\" height=\"" << kHeight
      << "\" font-family=\"sans-serif\" font-size=\"13\" fill=\"#222\">\n"
      << "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n"
      << "<g font-size=\"17\">" << text_at(kLeft, 32, "start", title.data()) << "</g>\n"
      << text_at(kLeft, 54, "start", "GPUs at work, by hours and minutes since the start") << areas(result)
      << axes(result) << legend() << "</svg>\n";
  return out.str();
}

}  // namespace longtake
