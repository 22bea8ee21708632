#include "storage/media/segment_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "storage/media/segment_writer.h"
#include "tests/storage/media/media_files.h"

namespace longtake {
namespace {

using test::error_of;
using test::TempFolder;
using ::testing::HasSubstr;
using ::testing::Optional;

constexpr FrameSize kSize = {64, 128};

TEST(SegmentFile, InspectionFindsWhatWasWritten) {
  const TempFolder folder;
  for (const std::int64_t frames : {1, 25, 26, 60}) {
    const FilmSegment segment = test::write_test_segment(folder / "a.mp4", kSize, {0, frames});
    const SegmentContents contents = inspect_segment(segment.file);
    EXPECT_EQ(contents.facts, segment.facts) << frames;
    EXPECT_EQ(contents.size, kSize);
    EXPECT_EQ(contents.tag, "test");
    EXPECT_EQ(count_decoded_frames(segment.file), frames);
    EXPECT_EQ(find_quick_fault(segment.file, segment.facts), std::nullopt);
  }
}

TEST(SegmentFile, QuickFaultsAreFoundByStructure) {
  const TempFolder folder;
  const FilmSegment segment = test::write_test_segment(folder / "a.mp4", kSize, {0, 30});
  const std::string whole = test::bytes_of(segment.file);
  const auto fault_of = [&](const std::string& bytes) {
    test::write_bytes(folder / "a.mp4", bytes);
    SegmentFacts facts = segment.facts;
    facts.bytes = static_cast<std::int64_t>(bytes.size());
    return find_quick_fault(folder / "a.mp4", facts);
  };
  EXPECT_THAT(find_quick_fault(folder / "missing.mp4", segment.facts), Optional(HasSubstr("cannot open")));
  EXPECT_THAT(fault_of(whole.substr(0, whole.size() / 2)), Optional(HasSubstr("torn")));
  EXPECT_THAT(fault_of(std::string(whole.size(), '\0')),
              Optional(HasSubstr("does not begin as an MP4 file")));
  EXPECT_THAT(fault_of(whole.substr(0, whole.find("moov") - 4)), Optional(HasSubstr("moov")));
  EXPECT_EQ(fault_of(whole), std::nullopt);
  test::write_bytes(folder / "a.mp4", whole + "x");
  EXPECT_THAT(find_quick_fault(folder / "a.mp4", segment.facts), Optional(HasSubstr("were written")));
}

TEST(SegmentFile, InspectionNamesTheFault) {
  const TempFolder folder;
  const FilmSegment segment = test::write_test_segment(folder / "a.mp4", kSize, {0, 60});
  const std::string whole = test::bytes_of(segment.file);
  test::truncate_to(segment.file, 0.6);
  EXPECT_THAT(error_of(ErrorKind::Io, [&] { inspect_segment(segment.file); }), HasSubstr("a.mp4"));
  std::string torn = whole;
  const std::size_t middle = torn.find("mdat") + 4 + (torn.find("moov") - torn.find("mdat")) / 2;
  for (std::size_t i = 0; i < 40; ++i) torn[middle + i] = '\x7f';
  test::write_bytes(segment.file, torn);
  EXPECT_THAT(error_of(ErrorKind::Io, [&] { inspect_segment(segment.file); }), HasSubstr("a.mp4"));
  test::ffmpeg("-f lavfi -i sine=300 -t 1 " + (folder / "sound.mp4").string());
  EXPECT_THAT(error_of(ErrorKind::Io, [&] { inspect_segment(folder / "sound.mp4"); }),
              HasSubstr("no video track"));
}

TEST(SegmentFile, OtherContentHasOtherFacts) {
  const TempFolder folder;
  const FilmSegment a = test::write_test_segment(folder / "a.mp4", kSize, {0, 30});
  const FilmSegment b = test::write_test_segment(folder / "b.mp4", kSize, {0, 30}, 5);
  EXPECT_NE(a.facts.packets_crc, b.facts.packets_crc);
  EXPECT_NE(a.facts.first_frame_crc, b.facts.first_frame_crc);
  EXPECT_NE(a.facts.first_frame_crc, a.facts.last_frame_crc);
}

}  // namespace
}  // namespace longtake
