#include "storage/media/sound_track.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>

#include "storage/media/audio_reader.h"
#include "tests/storage/media/media_files.h"

namespace longtake {
namespace {

using test::TempFolder;
using ::testing::HasSubstr;

std::int64_t packets_in(const std::filesystem::path& file) {
  return std::stoll(
      test::ffprobe("-count_packets -show_entries stream=nb_read_packets -of csv=p=0 " + file.string()));
}

TEST(SoundTrack, HasTheFilmsLengthWhateverTheSourceHas) {
  const TempFolder folder;
  test::write_wav(folder / "a.wav", test::sine(2, 44100), 44100);
  for (const std::int64_t frames : {1, 25, 50, 100}) {
    encode_sound(folder / "a.wav", {0, 32000}, frames, folder / "sound.mka");
    EXPECT_EQ(packets_in(folder / "sound.mka"), sound_packets(frames, 44100)) << frames;
    EXPECT_EQ(sound_packets(frames, 44100), (frames * 1764 + 1024 + 1023) / 1024);
  }
  EXPECT_EQ(folder.files(), (std::vector<std::string>{"a.wav", "sound.mka"}));
}

TEST(SoundTrack, KeepsTheSourcesRateAndChannelsWhereAacCan) {
  const TempFolder folder;
  struct Case {
    int rate;
    int channels;
    const char* expected;
  };
  for (const Case& c :
       {Case{44100, 2, "aac,44100,2\n"}, Case{8000, 1, "aac,16000,1\n"}, Case{96000, 6, "aac,48000,2\n"},
        Case{22050, 1, "aac,22050,1\n"}, Case{11025, 2, "aac,16000,2\n"}}) {
    test::ffmpeg("-f lavfi -i sine=300 -t 1 -ar " + std::to_string(c.rate) + " -ac " +
                 std::to_string(c.channels) + " " + (folder / "a.wav").string());
    encode_sound(folder / "a.wav", {0, 16000}, 25, folder / "sound.mka");
    EXPECT_EQ(test::ffprobe("-show_entries stream=codec_name,sample_rate,channels -of csv=p=0 " +
                            (folder / "sound.mka").string()),
              c.expected);
  }
}

TEST(SoundTrack, BeginsWhereTheFilmDoesAndIsSilentAfterTheKeptPart) {
  const TempFolder folder;
  test::write_wav(
      folder / "a.wav",
      test::joined({test::silence(1, 16000), test::sine(1, 16000, 0.5, 440), test::sine(1, 16000, 0.5)}),
      16000);
  encode_sound(folder / "a.wav", {16000, 32000}, 50, folder / "sound.mka");
  AudioReader reader(folder / "sound.mka", 16000, 1);
  std::vector<float> samples(40000);
  std::size_t count = 0;
  while (const std::size_t got = reader.read(samples.data() + count, samples.size() - count)) count += got;
  // The priming is still there: the film's edit list skips it.
  samples.erase(samples.begin(), samples.begin() + kAacPrimingSamples);
  ASSERT_GE(count, 32000U + kAacPrimingSamples);
  const auto level = [&](std::size_t begin, std::size_t end) {
    float peak = 0;
    for (std::size_t i = begin; i < end; ++i) peak = std::max(peak, std::fabs(samples[i]));
    return peak;
  };
  EXPECT_GT(level(200, 800), 0.4F);
  EXPECT_GT(level(15000, 15800), 0.4F);
  EXPECT_LT(level(17000, 32000), 0.02F);
}

TEST(SoundTrack, LeavesNothingBehindWhenItFails) {
  const TempFolder folder;
  EXPECT_THAT(test::error_of(ErrorKind::InvalidInput,
                             [&] {
                               encode_sound(folder / "no.wav", {0, 16000}, 25, folder / "sound.mka");
                             }),
              HasSubstr("no.wav"));
  EXPECT_TRUE(folder.files().empty());
}

TEST(SoundTrack, IsWholeOnlyWithEveryPacketOfItsFilm) {
  const TempFolder folder;
  test::write_wav(folder / "a.wav", test::sine(2, 44100), 44100);
  const auto sound = folder / "sound.mka";
  EXPECT_FALSE(is_whole_sound(sound, 50));
  encode_sound(folder / "a.wav", {0, 32000}, 50, sound);
  EXPECT_TRUE(is_whole_sound(sound, 50));
  EXPECT_FALSE(is_whole_sound(sound, 75));
  std::filesystem::resize_file(sound, std::filesystem::file_size(sound) * 2 / 3);
  EXPECT_FALSE(is_whole_sound(sound, 50));
  std::ofstream(sound) << "not a sound";
  EXPECT_FALSE(is_whole_sound(sound, 50));
}

}  // namespace
}  // namespace longtake
