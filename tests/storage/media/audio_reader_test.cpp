#include "storage/media/audio_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tests/storage/media/media_files.h"

namespace longtake {
namespace {

using test::error_of;
using test::ffmpeg;
using test::TempFolder;
using ::testing::HasSubstr;

struct Decoded {
  AudioInfo info;
  std::vector<float> samples;
  std::int64_t source_samples = 0;
  std::int64_t corrupt_packets = 0;
};

Decoded decode(const std::filesystem::path& path, int rate = 16000, int channels = 1) {
  AudioReader reader(path, rate, channels);
  Decoded decoded;
  std::vector<float> chunk(static_cast<std::size_t>(1000 * channels));
  while (const std::size_t count = reader.read(chunk.data(), 1000)) {
    decoded.samples.insert(decoded.samples.end(), chunk.begin(),
                           chunk.begin() + static_cast<std::ptrdiff_t>(count) * channels);
  }
  decoded.info = reader.info();
  decoded.source_samples = reader.source_samples();
  decoded.corrupt_packets = reader.corrupt_packets();
  return decoded;
}

double loudest(const std::vector<float>& samples) {
  float peak = 0;
  for (const float sample : samples) peak = std::max(peak, std::fabs(sample));
  return static_cast<double>(peak);
}

struct Format {
  const char* file;
  const char* source;   ///< lavfi
  const char* options;  ///< of the encoder
  const char* codec;
  int rate;
  int channels;
};

class AnyAudio : public ::testing::TestWithParam<Format> {};

TEST_P(AnyAudio, IsDecodedToItsWholeLength) {
  const Format& format = GetParam();
  const TempFolder folder;
  ffmpeg(std::string("-f lavfi -i ") + format.source + " -t 2 -ar " + std::to_string(format.rate) + " -ac " +
         std::to_string(format.channels) + " " + format.options + " " + (folder / format.file).string());
  const Decoded decoded = decode(folder / format.file);
  EXPECT_EQ(decoded.info.codec, format.codec);
  EXPECT_EQ(decoded.info.sample_rate, format.rate);
  EXPECT_EQ(decoded.info.channels, format.channels);
  EXPECT_EQ(static_cast<std::int64_t>(decoded.samples.size()),
            (decoded.source_samples * 16000 + format.rate - 1) / format.rate);
  EXPECT_NEAR(static_cast<double>(decoded.samples.size()), 32000, 1500);
  EXPECT_EQ(decoded.corrupt_packets, 0);
  EXPECT_GT(loudest(decoded.samples), 0.03);
  EXPECT_LE(loudest(decoded.samples), 1.05);
}

INSTANTIATE_TEST_SUITE_P(
    Formats, AnyAudio,
    ::testing::Values(Format{"a.wav", "sine=300", "-c:a pcm_s16le", "pcm_s16le", 44100, 1},
                      Format{"a.wav", "sine=300", "-c:a pcm_s24le", "pcm_s24le", 48000, 2},
                      Format{"a.wav", "sine=300", "-c:a pcm_f32le", "pcm_f32le", 48000, 1},
                      Format{"a.wav", "sine=300", "-c:a pcm_s16le", "pcm_s16le", 8000, 1},
                      Format{"a.wav", "sine=300:r=192000", "-c:a pcm_s24le", "pcm_s24le", 192000, 2},
                      Format{"a.wav", "sine=300", "-c:a pcm_s16le", "pcm_s16le", 48000, 6},
                      Format{"a.flac", "sine=300", "", "flac", 96000, 2},
                      Format{"a.mp3", "sine=300", "", "mp3", 44100, 2},
                      Format{"a.m4a", "sine=300", "", "aac", 44100, 2},
                      Format{"a.aac", "sine=300", "", "aac", 22050, 1},
                      Format{"a.opus", "sine=300", "", "opus", 48000, 2},
                      Format{"a.mka", "sine=300", "-c:a aac", "aac", 48000, 6}),
    [](const auto& parameter) {
      const Format& format = parameter.param;
      return std::string(format.codec) + "_" + std::to_string(format.rate) + "_" +
             std::to_string(format.channels) + "_" + std::string(format.file).substr(2);
    });

TEST(AudioReader, GivesExactlyTheSourcesDuration) {
  const TempFolder folder;
  test::write_wav(folder / "four.wav", test::sine(4, 44100), 44100);
  EXPECT_EQ(decode(folder / "four.wav").samples.size(), 64000U);
  for (const int source_samples : {1, 2, 3, 100, 441, 44099, 44101}) {
    test::write_wav(folder / "odd.wav", std::vector<double>(static_cast<std::size_t>(source_samples), 0.25),
                    44100);
    EXPECT_EQ(decode(folder / "odd.wav").samples.size(),
              static_cast<std::size_t>((source_samples * 16000LL + 44099) / 44100))
        << source_samples;
  }
}

TEST(AudioReader, KeepsTheSoundInItsPlace) {
  const TempFolder folder;
  std::vector<double> samples = test::silence(2, 48000);
  for (std::size_t i = 0; i < 480; ++i) samples[48000 + i] = 0.8;  // 10 ms from 1.0 s on
  test::write_wav(folder / "click.wav", samples, 48000);
  const std::vector<float> decoded = decode(folder / "click.wav").samples;
  double centre = 0;
  double weight = 0;
  for (std::size_t i = 0; i < decoded.size(); ++i) {
    centre += static_cast<double>(i) * static_cast<double>(decoded[i]);
    weight += static_cast<double>(decoded[i]);
  }
  EXPECT_NEAR(centre / weight, 16000 + 79.5, 0.5);
}

TEST(AudioReader, MixesEqualChannelsWithoutMakingThemLouder) {
  const TempFolder folder;
  test::write_wav(folder / "mono.wav", test::sine(1, 16000, 0.9), 16000);
  ffmpeg("-i " + (folder / "mono.wav").string() + " -af pan='stereo|c0=c0|c1=c0' " +
         (folder / "stereo.wav").string());
  EXPECT_NEAR(loudest(decode(folder / "stereo.wav").samples), 0.9, 0.01);
}

TEST(AudioReader, IgnoresCoverArtAndTags) {
  const TempFolder folder;
  ffmpeg("-f lavfi -i sine=300 -f lavfi -i testsrc=s=320x320 -t 1 -frames:v 1 -map 0 -map 1 -c:v mjpeg " +
         std::string("-disposition:v attached_pic -metadata title=Talk -id3v2_version 3 ") +
         (folder / "covered.mp3").string());
  const Decoded decoded = decode(folder / "covered.mp3");
  EXPECT_TRUE(decoded.info.has_cover_art);
  EXPECT_NEAR(static_cast<double>(decoded.samples.size()), 16000, 40);
}

TEST(AudioReader, TakesTheSoundOfAVideo) {
  const TempFolder folder;
  ffmpeg("-f lavfi -i testsrc=s=64x64 -f lavfi -i sine=300 -t 1 -pix_fmt yuv420p " +
         (folder / "talk.mp4").string());
  EXPECT_NEAR(static_cast<double>(decode(folder / "talk.mp4").samples.size()), 16000, 800);
}

TEST(AudioReader, FollowsParametersThatChangeInTheMiddle) {
  const TempFolder folder;
  ffmpeg("-f lavfi -i sine=300 -t 1 -ar 44100 -ac 2 -f adts " + (folder / "a.aac").string());
  ffmpeg("-f lavfi -i sine=300 -t 1 -ar 22050 -ac 1 -f adts " + (folder / "b.aac").string());
  test::write_bytes(folder / "both.aac", test::bytes_of(folder / "a.aac") + test::bytes_of(folder / "b.aac"));
  const std::size_t a = decode(folder / "a.aac").samples.size();
  const std::size_t b = decode(folder / "b.aac").samples.size();
  EXPECT_EQ(decode(folder / "both.aac").samples.size(), a + b);
}

TEST(AudioReader, CountsDamagedPacketsAndGoesOn) {
  const TempFolder folder;
  ffmpeg("-f lavfi -i sine=300 -t 4 -b:a 128k " + (folder / "a.mp3").string());
  std::string bytes = test::bytes_of(folder / "a.mp3");
  for (std::size_t i = bytes.size() / 2; i < bytes.size() / 2 + 3000; ++i)
    bytes[i] = static_cast<char>(i * 37);
  test::write_bytes(folder / "a.mp3", bytes);
  const Decoded decoded = decode(folder / "a.mp3");
  EXPECT_GT(decoded.corrupt_packets, 0);
  EXPECT_GT(decoded.samples.size(), 50000U);
}

TEST(AudioReader, ReadsAHundredthOfASecond) {
  const TempFolder folder;
  test::write_wav(folder / "short.wav", test::sine(0.01, 48000), 48000);
  EXPECT_EQ(decode(folder / "short.wav").samples.size(), 160U);
}

TEST(AudioReader, ReadsNamesThatLookLikeProtocols) {
  const TempFolder folder;
  test::write_wav(folder / "http:50%d.wav", test::sine(1, 16000), 16000);
  EXPECT_EQ(decode(folder / "http:50%d.wav").samples.size(), 16000U);
}

TEST(AudioReader, SaysWhatAFileIsInsteadOfAudio) {
  const TempFolder folder;
  const auto message = [&](const std::string& name) {
    return error_of(ErrorKind::InvalidInput, [&] { AudioReader(folder / name, 16000, 1); });
  };
  test::write_bytes(folder / "empty.wav", "");
  test::write_bytes(folder / "text.txt", "These words are not sound.\nNot at all.\n");
  test::write_bytes(folder / "text.mp3", "These words are not sound.\nNot at all.\n");
  test::write_wav(folder / "silent.wav", {}, 16000);
  ffmpeg("-f lavfi -i testsrc=s=64x64 -t 1 -pix_fmt yuv420p " + (folder / "video.mp4").string());
  ffmpeg("-f lavfi -i testsrc=s=64x64 -frames:v 1 " + (folder / "image.png").string());
  ffmpeg("-f lavfi -i sine=300 -t 4 " + (folder / "torn.m4a").string());
  test::truncate_to(folder / "torn.m4a", 0.5);
  EXPECT_THAT(message("missing.wav"), HasSubstr("missing.wav: no such file"));
  EXPECT_THAT(message("empty.wav"), HasSubstr("empty.wav is empty (0 bytes)"));
  EXPECT_THAT(message("text.txt"), HasSubstr("text.txt is not audio or is damaged"));
  EXPECT_THAT(message("text.mp3"), HasSubstr("text.mp3 is not audio or is damaged"));
  EXPECT_THAT(message("silent.wav"), HasSubstr("silent.wav"));
  EXPECT_THAT(message("video.mp4"), HasSubstr("video.mp4 is a video without sound"));
  EXPECT_THAT(message("image.png"), HasSubstr("image.png is an image"));
  EXPECT_THAT(message("torn.m4a"), HasSubstr("torn.m4a is not audio or is damaged"));
  EXPECT_THAT(message(""), HasSubstr("not a file"));
}

}  // namespace
}  // namespace longtake
