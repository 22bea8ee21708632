#include "jobs/clip_math.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

namespace longtake {
namespace {

TEST(Frames, AreRoundedUpToWholeOnes) {
  EXPECT_EQ(frames_of_samples(0), 0);
  EXPECT_EQ(frames_of_samples(1), 1);
  EXPECT_EQ(frames_of_samples(640), 1);
  EXPECT_EQ(frames_of_samples(641), 2);
  EXPECT_EQ(frames_of_samples(kSpeechSampleRate), 25);
  EXPECT_EQ(frames_of_samples(std::int64_t{10} * 3600 * kSpeechSampleRate), 900000);
}

TEST(Clips, AreRoundedUpAndLimited) {
  EXPECT_EQ(clips_of_frames(0, 48, std::nullopt), 0);
  EXPECT_EQ(clips_of_frames(1, 48, std::nullopt), 1);
  EXPECT_EQ(clips_of_frames(48, 48, std::nullopt), 1);
  EXPECT_EQ(clips_of_frames(49, 48, std::nullopt), 2);
  EXPECT_EQ(clips_of_frames(4800, 48, 10), 10);
  EXPECT_EQ(clips_of_frames(96, 48, 10), 2);
}

TEST(FramesOfClips, EndWithTheFilm) {
  EXPECT_EQ(frames_of_clips({0, 2}, 48, 100), (Interval{0, 96}));
  EXPECT_EQ(frames_of_clips({2, 3}, 48, 100), (Interval{96, 100}));
  EXPECT_EQ(frames_of_clips({3, 4}, 48, 100), (Interval{100, 100}));
}

std::string reference_folder() {
  const char* folder = std::getenv("LONGTAKE_REFERENCE_DIR");
  return folder == nullptr ? LONGTAKE_REFERENCE_DIR_DEFAULT : folder;
}

TEST(OutputSize, IsThatOfThePublishedPipeline) {
  std::ifstream file(reference_folder() + "/meta.json");
  ASSERT_TRUE(file) << "no meta.json in " << reference_folder();
  const auto sizes = nlohmann::json::parse(file).at("output_size_height_width");
  ASSERT_FALSE(sizes.empty());
  for (const auto& [text, expected] : sizes.items()) {
    FrameSize image;
    long long area = 0;
    ASSERT_EQ(std::sscanf(text.c_str(), "%dx%d@%lld", &image.width, &image.height, &area), 3) << text;
    const auto size = output_size(image, area);
    ASSERT_TRUE(size) << text;
    EXPECT_EQ(size->height, expected.at(0).get<int>()) << text;
    EXPECT_EQ(size->width, expected.at(1).get<int>()) << text;
  }
}

TEST(OutputSize, NeverExceedsTheAreaAndIsWholeCells) {
  for (int height = 65; height < 3000; height += 333) {
    for (int width = 65; width < 3000; width += 277) {
      const auto size = output_size({height, width}, 704 * 384);
      ASSERT_TRUE(size) << width << "x" << height;
      EXPECT_LE(size->height * size->width, 704 * 384) << width << "x" << height;
      EXPECT_EQ(size->height % kSizeMultiple, 0);
      EXPECT_EQ(size->width % kSizeMultiple, 0);
    }
  }
}

TEST(OutputSize, DoesNotExistForAThreadInASmallArea) {
  EXPECT_EQ(output_size({12000, 10}, 64 * 64), std::nullopt);
}

}  // namespace
}  // namespace longtake
