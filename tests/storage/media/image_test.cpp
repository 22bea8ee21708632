#include "storage/media/image.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <random>

#include "tests/storage/media/media_files.h"

namespace longtake {
namespace {

using test::error_of;
using test::ffmpeg;
using test::TempFolder;
using ::testing::HasSubstr;

using Pixel = std::array<int, 3>;

Pixel pixel_at(const RgbImage& image, int y, int x) {
  const std::uint8_t* rgb = image.rgb.data() + static_cast<std::size_t>(y * image.size.width + x) * 3;
  return {rgb[0], rgb[1], rgb[2]};
}

RgbImage painted(FrameSize size, Pixel (*colour)(int y, int x)) {
  RgbImage image{size, {}};
  for (int y = 0; y < size.height; ++y) {
    for (int x = 0; x < size.width; ++x) {
      for (const int value : colour(y, x)) image.rgb.push_back(static_cast<std::uint8_t>(value));
    }
  }
  return image;
}

void expect_near(const Pixel& actual, const Pixel& expected, int tolerance) {
  for (std::size_t c = 0; c < 3; ++c) EXPECT_NEAR(actual[c], expected[c], tolerance) << "channel " << c;
}

/// Red, green, blue, white in the corners: top left, top right, bottom left, bottom right.
Pixel corner_colour(int y, int x) {
  if (y < 48) return x < 80 ? Pixel{255, 0, 0} : Pixel{0, 255, 0};
  return x < 80 ? Pixel{0, 0, 255} : Pixel{255, 255, 255};
}

/// An EXIF APP1 segment that holds the orientation only.
std::string exif_segment(int orientation, bool is_little_endian) {
  using namespace std::string_literals;
  const std::string value(1, static_cast<char>(orientation));
  const std::string tiff = is_little_endian
                               ? "II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0"s + value + "\0\0\0\0\0\0\0"s
                               : "MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0"s + value + "\0\0\0\0\0\0"s;
  const std::string exif = "Exif\0\0"s + tiff;
  return "\xff\xe1\0"s + static_cast<char>(exif.size() + 2) + exif;
}

TEST(Image, OrientationsOfExifAreHonoured) {
  const TempFolder folder;
  write_png(folder / "corners.png", painted({96, 160}, corner_colour));
  // The filters turn an upright picture into what a camera stores for that orientation.
  const std::array<const char*, 9> stored = {"",           "null",        "hflip",       "hflip,vflip",
                                             "vflip",      "transpose=0", "transpose=2", "transpose=3",
                                             "transpose=1"};
  for (int orientation = 1; orientation <= 8; ++orientation) {
    SCOPED_TRACE(orientation);
    const std::filesystem::path file = folder / "turned.jpg";
    ffmpeg("-i " + (folder / "corners.png").string() + " -vf " +
           stored[static_cast<std::size_t>(orientation)] + " -q:v 2 -update 1 " + file.string());
    const std::string jpeg = test::bytes_of(file);
    test::write_bytes(file,
                      jpeg.substr(0, 2) + exif_segment(orientation, orientation % 2 == 0) + jpeg.substr(2));
    const ImageInfo info = probe_image(file);
    EXPECT_EQ(info.exif_orientation, orientation);
    EXPECT_EQ(info.size, (FrameSize{96, 160}));
    const RgbImage framed = load_framed_image(file, {192, 320});
    expect_near(pixel_at(framed, 20, 20), {255, 0, 0}, 12);
    expect_near(pixel_at(framed, 20, 300), {0, 255, 0}, 12);
    expect_near(pixel_at(framed, 170, 20), {0, 0, 255}, 12);
    expect_near(pixel_at(framed, 170, 300), {255, 255, 255}, 12);
  }
}

TEST(Image, OrientationIsFoundInPngAndWebpToo) {
  const TempFolder folder;
  const std::string tiff = exif_segment(6, true).substr(10);
  write_png(folder / "a.png", painted({96, 160}, corner_colour));
  const std::string png = test::bytes_of(folder / "a.png");
  const std::string no_crc(4, '\0');
  const std::string exif_chunk =
      std::string(3, '\0') + static_cast<char>(tiff.size()) + "eXIf" + tiff + no_crc;
  constexpr std::size_t kAfterHeader = 8 + 25;
  test::write_bytes(folder / "a.png", png.substr(0, kAfterHeader) + exif_chunk + png.substr(kAfterHeader));
  EXPECT_EQ(probe_image(folder / "a.png").exif_orientation, 6);
  EXPECT_EQ(probe_image(folder / "a.png").size, (FrameSize{160, 96}));

  ffmpeg("-f lavfi -i testsrc=s=90x70 -frames:v 1 -c:v libwebp " + (folder / "a.webp").string());
  std::string webp = test::bytes_of(folder / "a.webp");
  webp += "EXIF" + std::string(1, static_cast<char>(tiff.size())) + std::string(3, '\0') + tiff;
  webp[4] = static_cast<char>((webp.size() - 8) & 0xffU);
  webp[5] = static_cast<char>((webp.size() - 8) >> 8);
  test::write_bytes(folder / "a.webp", webp);
  EXPECT_EQ(probe_image(folder / "a.webp").size, (FrameSize{90, 70}));
}

TEST(Image, DamageOfAnyKindIsAnImageOrAnError) {
  const TempFolder folder;
  std::minstd_rand random(7);
  for (const char* name : {"a.png", "a.jpg", "a.webp"}) {
    ffmpeg("-f lavfi -i testsrc=s=90x70 -frames:v 1 " + (folder / name).string());
    const std::string whole = test::bytes_of(folder / name);
    for (int round = 0; round < 100; ++round) {
      std::string bytes = whole;
      for (int i = 0; i < 4; ++i) bytes[random() % bytes.size()] = static_cast<char>(random());
      test::write_bytes(folder / name, bytes);
      try {
        EXPECT_EQ(load_framed_image(folder / name, {64, 64}).rgb.size(), 64U * 64 * 3);
      } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::InvalidInput) << error.what();
      }
    }
  }
}

TEST(Image, KindsAreProbedFromTheirHeaders) {
  const TempFolder folder;
  const auto made = [&](const std::string& name, const std::string& options) {
    ffmpeg("-f lavfi -i testsrc=s=90x70 -frames:v 1 " + options + " " + (folder / name).string());
    return probe_image(folder / name);
  };
  const ImageInfo rgb = made("rgb.png", "-pix_fmt rgb24");
  EXPECT_EQ(rgb.codec, "png");
  EXPECT_EQ(rgb.size, (FrameSize{70, 90}));
  EXPECT_FALSE(rgb.has_alpha);
  const ImageInfo deep = made("deep.png", "-pix_fmt rgba64be");
  EXPECT_EQ(deep.bits_per_channel, 16);
  EXPECT_TRUE(deep.has_alpha);
  EXPECT_EQ(made("a.jpg", "").codec, "jpeg");
  const ImageInfo lossy = made("a.webp", "-c:v libwebp -pix_fmt yuv420p");
  EXPECT_EQ(lossy.codec, "webp");
  EXPECT_EQ(lossy.size, (FrameSize{70, 90}));
  EXPECT_EQ(made("lossless.webp", "-c:v libwebp -lossless 1 -pix_fmt bgra").size, (FrameSize{70, 90}));
}

TEST(Image, EveryPixelFormatLooksTheSame) {
  const TempFolder folder;
  write_png(folder / "base.png", painted({130, 200}, [](int, int) { return Pixel{0x40, 0x60, 0xa0}; }));
  const auto colour_of = [&](const std::string& name, const std::string& options) {
    ffmpeg("-i " + (folder / "base.png").string() + " -update 1 " + options + " " + (folder / name).string());
    return pixel_at(load_framed_image(folder / name, {64, 64}), 32, 32);
  };
  const Pixel colour = {0x40, 0x60, 0xa0};
  expect_near(colour_of("a.png", "-pix_fmt rgb24"), colour, 0);
  expect_near(colour_of("a.png", "-pix_fmt rgba"), colour, 0);
  expect_near(colour_of("a.png", "-pix_fmt rgb48be"), colour, 1);
  expect_near(colour_of("a.png", "-pix_fmt rgba64be"), colour, 1);
  expect_near(colour_of("a.png", "-vf split[a][b],[a]palettegen[p],[b][p]paletteuse"), colour, 4);
  expect_near(colour_of("a.jpg", "-q:v 2 -pix_fmt yuvj420p"), colour, 4);
  expect_near(colour_of("a.jpg", "-q:v 2 -pix_fmt yuvj444p"), colour, 4);
  expect_near(colour_of("a.webp", "-c:v libwebp -quality 95"), colour, 6);
  expect_near(colour_of("a.webp", "-c:v libwebp -lossless 1 -pix_fmt bgra"), colour, 2);
  const Pixel grey = {0x5d, 0x5d, 0x5d};
  expect_near(colour_of("a.png", "-pix_fmt gray"), grey, 3);
  expect_near(colour_of("a.png", "-pix_fmt gray16be"), grey, 3);
  expect_near(colour_of("a.png", "-pix_fmt ya8"), grey, 3);
}

TEST(Image, TransparencyShowsNeutralGrey) {
  const TempFolder folder;
  for (const char* format : {"rgba", "rgba64be", "ya8", "ya16be"}) {
    SCOPED_TRACE(format);
    ffmpeg("-f lavfi -i color=white@0.0:s=100x100,format=rgba -frames:v 1 -pix_fmt " + std::string(format) +
           " " + (folder / "clear.png").string());
    EXPECT_TRUE(probe_image(folder / "clear.png").has_alpha);
    expect_near(pixel_at(load_framed_image(folder / "clear.png", {64, 64}), 30, 30), {128, 128, 128}, 1);
  }
}

Pixel symmetric_pattern(int y, int x) {
  const int from_centre_x = std::min(x, 332 - x);
  const int from_centre_y = std::min(y, 200 - y);
  return {from_centre_x, from_centre_y, (from_centre_x * from_centre_y / 16) % 256};
}

TEST(Image, FramingShiftsNothing) {
  const TempFolder folder;
  write_png(folder / "symmetric.png", painted({201, 333}, symmetric_pattern));
  for (const FrameSize target :
       {FrameSize{64, 64}, FrameSize{384, 704}, FrameSize{128, 64}, FrameSize{201, 333}}) {
    const RgbImage framed = load_framed_image(folder / "symmetric.png", target);
    ASSERT_EQ(framed.size, target);
    for (int y = 0; y < target.height; ++y) {
      for (int x = 0; x < target.width; ++x) {
        expect_near(pixel_at(framed, y, x), pixel_at(framed, y, target.width - 1 - x), 1);
        expect_near(pixel_at(framed, y, x), pixel_at(framed, target.height - 1 - y, x), 1);
        if (HasFailure()) FAIL() << target.width << " x " << target.height << " at " << x << ", " << y;
      }
    }
  }
}

Pixel checkerboard(int y, int x) { return (x + y) % 2 == 0 ? Pixel{255, 255, 255} : Pixel{0, 0, 0}; }

TEST(Image, ReductionAveragesInsteadOfSkipping) {
  const TempFolder folder;
  write_png(folder / "fine.png", painted({1024, 1024}, checkerboard));
  const RgbImage framed = load_framed_image(folder / "fine.png", {128, 128});
  for (int y = 0; y < 128; ++y) expect_near(pixel_at(framed, y, 64), {128, 128, 128}, 4);
}

TEST(Image, SurvivesWritingAndReading) {
  const TempFolder folder;
  const RgbImage image = painted({64, 96}, [](int y, int x) { return Pixel{y, x, (x * y) % 256}; });
  write_png(folder / "a.png", image);
  const RgbImage read = read_png(folder / "a.png");
  EXPECT_EQ(read.size, image.size);
  EXPECT_EQ(read.rgb, image.rgb);
  EXPECT_EQ(load_framed_image(folder / "a.png", image.size).rgb, image.rgb);
  EXPECT_EQ(folder.files(), std::vector<std::string>{"a.png"});
}

TEST(Image, OfOnePixelFillsTheFilm) {
  const TempFolder folder;
  write_png(folder / "dot.png", painted({1, 1}, [](int, int) { return Pixel{10, 200, 90}; }));
  const RgbImage framed = load_framed_image(folder / "dot.png", {64, 128});
  expect_near(pixel_at(framed, 0, 0), {10, 200, 90}, 0);
  expect_near(pixel_at(framed, 63, 127), {10, 200, 90}, 0);
}

TEST(Image, MayBeTwelveThousandPixelsWideAndNoMore) {
  const TempFolder folder;
  ffmpeg("-f lavfi -i testsrc=s=12000x100 -frames:v 1 " + (folder / "wide.png").string());
  ffmpeg("-f lavfi -i testsrc=s=12002x100 -frames:v 1 " + (folder / "wider.jpg").string());
  EXPECT_EQ(probe_image(folder / "wide.png").size, (FrameSize{100, 12000}));
  EXPECT_EQ(load_framed_image(folder / "wide.png", {64, 6400}).size, (FrameSize{64, 6400}));
  EXPECT_THAT(error_of(ErrorKind::InvalidInput, [&] { probe_image(folder / "wider.jpg"); }),
              HasSubstr("12002 x 100 pixels; at most 12000 a side"));
}

TEST(Image, TruncationIsAnErrorAndNotAGreyHalf) {
  const TempFolder folder;
  for (const char* name : {"a.png", "a.jpg", "a.webp"}) {
    ffmpeg("-f lavfi -i testsrc=s=300x200 -frames:v 1 " + (folder / name).string());
    for (const double part : {0.5, 0.9, 0.99}) {
      const std::string whole = test::bytes_of(folder / name);
      test::truncate_to(folder / name, part);
      EXPECT_THAT(error_of(ErrorKind::InvalidInput,
                           [&] {
                             load_framed_image(folder / name, {64, 64});
                           }),
                  HasSubstr(std::string(name) + " is truncated"));
      test::write_bytes(folder / name, whole);
    }
  }
}

TEST(Image, DamagedPngIsRefused) {
  const TempFolder folder;
  ffmpeg("-f lavfi -i testsrc=s=300x200 -frames:v 1 " + (folder / "a.png").string());
  std::string bytes = test::bytes_of(folder / "a.png");
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 0x55);
  test::write_bytes(folder / "a.png", bytes);
  EXPECT_THAT(error_of(ErrorKind::InvalidInput,
                       [&] {
                         load_framed_image(folder / "a.png", {64, 64});
                       }),
              HasSubstr("a.png is damaged"));
}

TEST(Image, SaysWhatAFileIsInsteadOfAnImage) {
  const TempFolder folder;
  const auto message = [&](const std::string& name) {
    return error_of(ErrorKind::InvalidInput, [&] { load_framed_image(folder / name, {64, 64}); });
  };
  test::write_bytes(folder / "empty.png", "");
  test::write_bytes(folder / "text.png", "no picture at all");
  test::write_wav(folder / "sound.png", test::sine(1, 16000), 16000);
  ffmpeg("-f lavfi -i testsrc=s=64x64 -t 1 -pix_fmt yuv420p " + (folder / "video.mp4").string());
  EXPECT_THAT(message("missing.png"), HasSubstr("missing.png: no such file"));
  EXPECT_THAT(message("empty.png"), HasSubstr("empty.png is empty (0 bytes)"));
  EXPECT_THAT(message("text.png"), HasSubstr("text.png is not an image that can be used"));
  EXPECT_THAT(message("sound.png"), HasSubstr("sound.png is a sound file"));
  EXPECT_THAT(message("video.mp4"), HasSubstr("video.mp4 is a video"));
  EXPECT_THAT(message(""), HasSubstr("not a file"));
}

TEST(Image, DetailTellsSharpFromFlat) {
  const RgbImage flat = painted({600, 800}, [](int, int) { return Pixel{100, 100, 100}; });
  const RgbImage sharp = painted({600, 800}, [](int y, int x) {
    return (x / 16 + y / 16) % 2 == 0 ? Pixel{200, 200, 200} : Pixel{0, 0, 0};
  });
  EXPECT_NEAR(measure_detail(flat).mean_luma, 100, 0.5);
  EXPECT_NEAR(measure_detail(flat).sharpness, 0, 0.01);
  EXPECT_NEAR(measure_detail(sharp).mean_luma, 100, 3);
  EXPECT_GT(measure_detail(sharp).sharpness, 500);
  EXPECT_EQ(measure_detail(painted({1, 1}, [](int, int) { return Pixel{9, 9, 9}; })).sharpness, 0);
}

}  // namespace
}  // namespace longtake
