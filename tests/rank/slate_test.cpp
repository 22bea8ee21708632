#include "rank/slate/slate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "jobs/error.h"
#include "rank/slate/sound_level.h"
#include "rank/slate/strip.h"
#include "rank/slate/timecode.h"
#include "tests/rank/strip_reading.h"

namespace longtake {
namespace {

constexpr FrameSize kSizes[] = {{64, 64},    {128, 128}, {384, 704}, {704, 384},
                                {704, 1280}, {64, 1280}, {1280, 64}};

RgbImage plain(FrameSize size, std::uint8_t value = 100) {
  return {size, std::vector<std::uint8_t>(
                    static_cast<std::size_t>(size.height) * static_cast<std::size_t>(size.width) * 3, value)};
}

Typeface font() { return Typeface(LONGTAKE_DEFAULT_FONT); }

SlateFilm film() { return {"morning-news", 48, 1530}; }

TEST(Strip, HoldsTheFrameInBlackAndWhiteInEveryRow) {
  for (const FrameSize& size : kSizes) {
    for (const std::int64_t frame : {0LL, 1LL, 2LL, 307LL, 0x80000001LL, 0xaaaaaaaaLL, 0xffffffffLL}) {
      RgbImage image = plain(size);
      draw_strip({image.rgb.data(), size}, frame);
      for (int row = size.height - kStripRows; row < size.height; ++row) {
        for (int x = 0; x < size.width; ++x) {
          const int bit = kStripCells - 1 - x * kStripCells / size.width;
          const std::uint8_t expected = ((frame >> bit) & 1) != 0 ? 255 : 0;
          const auto place = (static_cast<std::size_t>(row) * static_cast<std::size_t>(size.width) +
                              static_cast<std::size_t>(x)) *
                             3;
          ASSERT_EQ(image.rgb[place], expected) << "frame " << frame << " row " << row << " x " << x;
          ASSERT_EQ(image.rgb[place + 1], expected);
          ASSERT_EQ(image.rgb[place + 2], expected);
        }
      }
    }
  }
}

TEST(Strip, LeavesThePictureAboveItAlone) {
  const FrameSize size = {64, 64};
  RgbImage image = plain(size);
  draw_strip({image.rgb.data(), size}, 0xffffffff);
  const auto end = image.rgb.begin() + std::ptrdiff_t{(64 - kStripRows) * 64 * 3};
  EXPECT_TRUE(std::all_of(image.rgb.begin(), end, [](std::uint8_t value) { return value == 100; }));
}

TEST(Timecode, CountsFramesAt25) {
  EXPECT_EQ(timecode(0), "00:00:00:00");
  EXPECT_EQ(timecode(24), "00:00:00:24");
  EXPECT_EQ(timecode(25), "00:00:01:00");
  EXPECT_EQ(timecode(25 * 61 + 7), "00:01:01:07");
  EXPECT_EQ(timecode(25 * 3600 * 10), "10:00:00:00");
  EXPECT_EQ(timecode(25LL * 3600 * 100), "100:00:00:00");
}

TEST(SoundLevel, IsTheRootMeanSquareInDb) {
  const std::vector<float> full(640, 1.0F);
  const std::vector<float> tenth(640, -0.1F);
  std::vector<float> sine(640);
  for (std::size_t i = 0; i < sine.size(); ++i)
    sine[i] = static_cast<float>(std::sin(2 * M_PI * static_cast<double>(i) / 64));
  EXPECT_DOUBLE_EQ(sound_level_db(full.data(), full.size()), 0);
  EXPECT_NEAR(sound_level_db(tenth.data(), tenth.size()), -20, 1e-5);
  EXPECT_NEAR(sound_level_db(sine.data(), sine.size()), -3.0103, 1e-4);
}

TEST(SoundLevel, StaysOnTheMeterWhateverTheSamples) {
  const std::vector<float> silence(640, 0.0F);
  const std::vector<float> whisper(640, 1e-6F);
  const std::vector<float> too_loud(640, 4.0F);
  const std::vector<float> broken(640, std::numeric_limits<float>::quiet_NaN());
  EXPECT_EQ(sound_level_db(silence.data(), silence.size()), -60);
  EXPECT_EQ(sound_level_db(whisper.data(), whisper.size()), -60);
  EXPECT_EQ(sound_level_db(too_loud.data(), too_loud.size()), 0);
  EXPECT_EQ(sound_level_db(broken.data(), broken.size()), -60);
  EXPECT_EQ(sound_level_db(nullptr, 0), -60);
  EXPECT_EQ(meter_share(-60), 0);
  EXPECT_EQ(meter_share(-30), 0.5);
  EXPECT_EQ(meter_share(0), 1);
}

TEST(SoundLevel, ZonesAreGreenYellowRed) {
  EXPECT_EQ(zone_of(-60), LevelZone::Green);
  EXPECT_EQ(zone_of(-18), LevelZone::Yellow);
  EXPECT_EQ(zone_of(-6), LevelZone::Red);
}

bool is_inside(const Rect& inner, const Rect& outer) {
  return outer.x <= inner.x && inner.right() <= outer.right() && outer.y <= inner.y &&
         inner.bottom() <= outer.bottom();
}

bool overlap(const Rect& a, const Rect& b) {
  return a.x < b.right() && b.x < a.right() && a.y < b.bottom() && b.y < a.bottom();
}

TEST(Layout, NothingOverlapsAndNothingTouchesTheStrip) {
  for (const FrameSize& size : kSizes) {
    SCOPED_TRACE(std::to_string(size.width) + "x" + std::to_string(size.height));
    const SlateLayout layout = lay_out(size, {12, 28, 20, 11, 6});
    const Rect above_strip = {0, 0, size.width, size.height - kStripRows};
    std::vector<Rect> in_panel = {layout.meter};
    for (const auto& place : {layout.timecode, layout.details, layout.level}) {
      if (place) in_panel.push_back(place->box());
    }
    EXPECT_TRUE(is_inside(layout.panel, above_strip));
    for (std::size_t i = 0; i < in_panel.size(); ++i) {
      EXPECT_TRUE(is_inside(in_panel[i], layout.panel)) << i;
      for (std::size_t j = 0; j < i; ++j)
        EXPECT_FALSE(overlap(in_panel[i], in_panel[j])) << i << " and " << j;
    }
    if (layout.job) {
      EXPECT_TRUE(is_inside(layout.job->box(), layout.tag));
      EXPECT_TRUE(is_inside(layout.tag, above_strip));
      EXPECT_FALSE(overlap(layout.tag, layout.panel));
    }
  }
}

TEST(Layout, UsualFramesShowEverythingTinyOnesAtLeastTheTimecode) {
  for (const FrameSize& size :
       {FrameSize{384, 704}, FrameSize{704, 384}, FrameSize{704, 1280}, FrameSize{256, 256}}) {
    const SlateLayout layout = lay_out(size, {12, 28, 20, 11, 6});
    EXPECT_TRUE(layout.job && layout.timecode && layout.details && layout.level)
        << size.width << "x" << size.height;
  }
  EXPECT_TRUE(lay_out({64, 64}, {12, 28, 20, 11, 6}).timecode);
}

TEST(Layout, SmallFramesShowTheShortDetails) {
  EXPECT_EQ(lay_out({384, 704}, {12, 28, 20, 11, 6}).details->columns, 28);
  EXPECT_EQ(lay_out({128, 128}, {12, 28, 20, 11, 6}).details->columns, 20);
}

TEST(Layout, CoversLittleOfThePicture) {
  const SlateLayout layout = lay_out({384, 704}, {12, 28, 20, 11, 6});
  EXPECT_LE(layout.panel.height, 384 / 5);
}

TEST(Slate, EveryFrameHasItsNumberInTheStrip) {
  for (const FrameSize& size : kSizes) {
    Slate slate(plain(size), film(), font());
    for (const std::int64_t frame : {0, 1, 307, 1529}) {
      EXPECT_EQ(read_strip(channel_of(slate.draw(frame, -20), size, 1).data(), size), frame);
    }
  }
}

TEST(Slate, AFrameDoesNotDependOnTheFramesDrawnBefore) {
  const FrameSize size = {384, 704};
  const std::size_t bytes = 384 * 704 * 3;
  Slate one(plain(size), film(), font());
  Slate other(plain(size), film(), font());
  for (std::int64_t frame = 0; frame < 50; ++frame) one.draw(frame, -1);
  const std::uint8_t* after_fifty = one.draw(307, -40);
  EXPECT_TRUE(std::equal(after_fifty, after_fifty + bytes, other.draw(307, -40)));
}

TEST(Slate, ThePictureIsUntouchedOutsideOfTagAndPanel) {
  const FrameSize size = {384, 704};
  Slate slate(plain(size), film(), font());
  const std::uint8_t* rgb = slate.draw(307, -10);
  const std::size_t middle = (std::size_t{384} / 2 * 704) * 3;
  EXPECT_TRUE(
      std::all_of(rgb + middle, rgb + middle + 704 * 3, [](std::uint8_t value) { return value == 100; }));
}

/// Pixels of the meter that are lit: clearly brighter than the box in one channel.
int lit_pixels(const std::uint8_t* rgb, FrameSize size, const Rect& meter) {
  int lit = 0;
  const int row = meter.y + meter.height / 2;
  for (int x = meter.x; x < meter.right(); ++x) {
    const std::uint8_t* pixel = rgb + (static_cast<std::ptrdiff_t>(row) * size.width + x) * 3;
    lit += std::max({pixel[0], pixel[1], pixel[2]}) > 150 ? 1 : 0;
  }
  return lit;
}

TEST(Slate, TheMeterGrowsWithTheSound) {
  const FrameSize size = {384, 704};
  const Rect meter = lay_out(size, {12, 28, 20, 11, 6}).meter;
  Slate slate(plain(size), film(), font());
  const int silent = lit_pixels(slate.draw(0, -60), size, meter);
  const int quiet = lit_pixels(slate.draw(0, -40), size, meter);
  const int loud = lit_pixels(slate.draw(0, -12), size, meter);
  const int full = lit_pixels(slate.draw(0, 0), size, meter);
  EXPECT_EQ(silent, 0);
  EXPECT_LT(silent, quiet);
  EXPECT_LT(quiet, loud);
  EXPECT_LT(loud, full);
}

TEST(Slate, TextDiffersFromFrameToFrame) {
  const FrameSize size = {384, 704};
  const Rect box = lay_out(size, {12, 28, 20, 11, 6}).timecode->box();
  Slate slate(plain(size), film(), font());
  const auto timecode_pixels = [&](std::int64_t frame) {
    const std::uint8_t* rgb = slate.draw(frame, -20);
    std::vector<std::uint8_t> pixels;
    for (int y = box.y; y < box.bottom(); ++y) {
      const std::uint8_t* row = rgb + (static_cast<std::ptrdiff_t>(y) * size.width + box.x) * 3;
      pixels.insert(pixels.end(), row, row + box.width * 3);
    }
    return pixels;
  };
  EXPECT_NE(timecode_pixels(307), timecode_pixels(308));
}

TEST(Typeface, DrawsPrintableAsciiOnTheGridOfTheLayout) {
  const GlyphSet glyphs = font().glyphs(24);
  EXPECT_EQ(glyphs.advance, advance_of(24));
  for (char character = '!'; character <= '~'; ++character) {
    const Glyph& glyph = glyphs.of(character);
    EXPECT_FALSE(glyph.coverage.empty()) << character;
    EXPECT_EQ(glyph.coverage.size(), static_cast<std::size_t>(glyph.width * glyph.height));
  }
  EXPECT_EQ(&glyphs.of('\n'), &glyphs.of('?'));
  EXPECT_EQ(glyphs.of('H').height, capital_of(24));
}

TEST(Typeface, AMissingFontIsNamedWithTheRemedy) {
  try {
    Typeface typeface("/no/such/font.ttf");
    FAIL() << "it opened";
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::InvalidInput);
    EXPECT_THAT(e.what(), testing::AllOf(testing::HasSubstr("/no/such/font.ttf"),
                                         testing::HasSubstr("LONGTAKE_SLATE_FONT")));
  }
}

}  // namespace
}  // namespace longtake
