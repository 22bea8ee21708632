#include "storage/media/segment_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "storage/media/segment_file.h"
#include "tests/storage/media/media_files.h"

namespace longtake {
namespace {

using test::error_of;
using test::moving_picture;
using test::TempFolder;
using ::testing::HasSubstr;

constexpr FrameSize kSize = {64, 128};

TEST(SegmentWriter, GivesEqualBytesForEqualFrames) {
  const TempFolder folder;
  const FilmSegment a = test::write_test_segment(folder / "a.mp4", kSize, {0, 60});
  const FilmSegment b = test::write_test_segment(folder / "b.mp4", kSize, {0, 60});
  EXPECT_EQ(a.facts, b.facts);
  EXPECT_EQ(test::bytes_of(a.file), test::bytes_of(b.file));
  EXPECT_EQ(folder.files(), (std::vector<std::string>{"a.mp4", "b.mp4"}));
}

TEST(SegmentWriter, WritesWhatTheFilmNeeds) {
  const TempFolder folder;
  const FilmSegment segment = test::write_test_segment(folder / "a.mp4", kSize, {0, 60});
  EXPECT_EQ(segment.facts.frames, 60);
  EXPECT_EQ(segment.facts.bytes, static_cast<std::int64_t>(std::filesystem::file_size(segment.file)));
  EXPECT_EQ(test::ffprobe("-show_entries stream=codec_name,pix_fmt,color_range,color_space,color_transfer,"
                          "color_primaries,r_frame_rate,has_b_frames,nb_frames -of compact=p=0 " +
                          segment.file.string()),
            "codec_name=h264|has_b_frames=0|pix_fmt=yuv420p|color_range=tv|color_space=bt709|"
            "color_transfer=bt709|color_primaries=bt709|r_frame_rate=25/1|nb_frames=60\n");
  const std::string keys =
      test::ffprobe("-show_entries packet=pts_time,flags -of csv=p=0 " + segment.file.string());
  EXPECT_THAT(keys, HasSubstr("0.000000,K_\n0.040000,__\n"));
  EXPECT_THAT(keys, HasSubstr("1.000000,K_\n"));
  EXPECT_THAT(keys, HasSubstr("2.000000,K_\n"));
}

TEST(SegmentWriter, PutsAKeyFrameBeforeAnEndThatIsKnown) {
  const TempFolder folder;
  VideoFormat format;
  format.size = kSize;
  format.frames = 40;
  SegmentWriter writer(folder / "a.mp4", format);
  for (int i = 0; i < 40; ++i) writer.add(moving_picture(kSize, i).data());
  writer.commit(40);
  const std::string keys =
      test::ffprobe("-show_entries packet=flags -of csv=p=0 " + (folder / "a.mp4").string());
  std::vector<std::size_t> key_frames;
  for (std::size_t i = 0; i * 3 < keys.size(); ++i) {
    if (keys[i * 3] == 'K') key_frames.push_back(i);
  }
  EXPECT_THAT(key_frames, testing::ElementsAre(0, 25, 34));
}

TEST(SegmentWriter, KeepsColours) {
  const TempFolder folder;
  SegmentWriter writer(folder / "a.mp4", {kSize, 25, ""});
  std::vector<std::uint8_t> rgb;
  for (int i = 0; i < kSize.height * kSize.width; ++i) rgb.insert(rgb.end(), {200, 60, 20});
  writer.add(rgb.data());
  writer.commit(1);
  test::ffmpeg("-i " + (folder / "a.mp4").string() + " -frames:v 1 -pix_fmt rgb24 " +
               (folder / "a.png").string());
  const RgbImage image = read_png(folder / "a.png");
  EXPECT_NEAR(image.rgb[3000], 200, 4);
  EXPECT_NEAR(image.rgb[3001], 60, 4);
  EXPECT_NEAR(image.rgb[3002], 20, 4);
}

TEST(SegmentWriter, RemovesThePartWithoutCommit) {
  const TempFolder folder;
  {
    SegmentWriter writer(folder / "a.mp4", {kSize, 25, "tag"});
    writer.add(moving_picture(kSize, 0).data());
    EXPECT_EQ(folder.files(), std::vector<std::string>{"a.mp4.part"});
  }
  EXPECT_TRUE(folder.files().empty());
}

TEST(SegmentWriter, RefusesAWrongNumberOfFrames) {
  const TempFolder folder;
  {
    SegmentWriter writer(folder / "a.mp4", {kSize, 25, "tag"});
    writer.add(moving_picture(kSize, 0).data());
    EXPECT_THAT(error_of(ErrorKind::Bug, [&] { writer.commit(2); }),
                HasSubstr("should have 2 frames, 1 were added"));
  }
  EXPECT_TRUE(folder.files().empty());
}

TEST(SegmentWriter, NamesAFolderThatIsMissing) {
  EXPECT_THAT(error_of(ErrorKind::Io,
                       [] {
                         SegmentWriter("/nowhere/at/all/a.mp4", {kSize, 25, "tag"});
                       }),
              HasSubstr("/nowhere/at/all/a.mp4: its folder does not exist"));
}

TEST(SegmentWriter, RefusesOddSizes) {
  const TempFolder folder;
  EXPECT_THAT(error_of(ErrorKind::Bug,
                       [&] {
                         SegmentWriter(folder / "a.mp4", {{63, 128}, 25, "tag"});
                       }),
              HasSubstr("got 128 x 63"));
}

}  // namespace
}  // namespace longtake
