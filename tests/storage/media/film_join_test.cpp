#include "storage/media/film_join.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <sstream>

#include "storage/media/audio_reader.h"
#include "storage/media/segment_file.h"
#include "storage/media/sound_track.h"
#include "tests/storage/media/media_files.h"

namespace longtake {
namespace {

using test::error_of;
using test::TempFolder;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr FrameSize kSize = {64, 128};

/// Segments of uneven length and the sound for them.
JoinOrder order_in(const TempFolder& folder, const std::vector<std::int64_t>& lengths, int rate = 44100) {
  JoinOrder order;
  for (const std::int64_t length : lengths) {
    const Interval frames{order.film_frames, order.film_frames + length};
    const std::string name = "s" + std::to_string(order.segments.size()) + ".mp4";
    order.segments.push_back(test::write_test_segment(folder / name, kSize, frames));
    order.film_frames = frames.end;
  }
  const double seconds = static_cast<double>(order.film_frames) / 25;
  test::write_wav(folder / "a.wav", test::sine(seconds, rate), rate);
  order.sound = folder / "sound.mka";
  encode_sound(folder / "a.wav", {0, order.film_frames * 640}, order.film_frames, order.sound);
  order.film = folder / "film.mp4";
  order.size = kSize;
  order.title = "A talk";
  return order;
}

std::vector<double> packet_times(const std::filesystem::path& film, const std::string& track) {
  std::istringstream lines(test::ffprobe("-select_streams " + track +
                                         " -show_entries packet=pts_time -of csv=p=0 " + film.string()));
  std::vector<double> times;
  for (std::string line; std::getline(lines, line);) {
    if (!line.empty()) times.push_back(std::stod(line));  // side data prints an empty line
  }
  return times;
}

TEST(FilmJoin, HasEveryFrameAtExactlyItsTime) {
  const TempFolder folder;
  const JoinOrder order = order_in(folder, {48, 1, 26, 25, 7});
  const JoinReport report = std::get<JoinReport>(join_film(order));
  EXPECT_EQ(report.frames, 107);
  EXPECT_EQ(report.bytes, static_cast<std::int64_t>(std::filesystem::file_size(order.film)));
  EXPECT_DOUBLE_EQ(report.video_seconds, 4.28);
  EXPECT_NEAR(report.sound_seconds, 4.28, 0.001);
  EXPECT_DOUBLE_EQ(report.drift_ms, 0);
  const std::vector<double> times = packet_times(order.film, "v");
  ASSERT_EQ(times.size(), 107U);
  for (std::size_t i = 0; i < times.size(); ++i) EXPECT_NEAR(times[i], static_cast<double>(i) * 0.04, 1e-6);
  EXPECT_EQ(count_decoded_frames(order.film), 107);
  EXPECT_EQ(test::ffprobe("-show_entries format=duration:format_tags=title:stream=duration -of csv=p=0 " +
                          order.film.string()),
            "4.280000\n4.280000\n4.280000,A talk\n");
}

TEST(FilmJoin, DecodesToTheFramesOfItsSegments) {
  const TempFolder folder;
  const JoinOrder order = order_in(folder, {30, 30});
  ASSERT_TRUE(std::holds_alternative<JoinReport>(join_film(order)));
  const auto frames_of = [](const std::filesystem::path& file) {
    test::ffmpeg("-i " + file.string() + " -map 0:v -f framemd5 " + file.string() + ".txt");
    std::istringstream lines(test::bytes_of(file.string() + ".txt"));
    std::vector<std::string> hashes;
    for (std::string line; std::getline(lines, line);) {
      if (line[0] != '#') hashes.push_back(line.substr(line.rfind(',')));
    }
    return hashes;
  };
  std::vector<std::string> expected = frames_of(order.segments[0].file);
  for (const std::string& hash : frames_of(order.segments[1].file)) expected.push_back(hash);
  EXPECT_EQ(frames_of(order.film), expected);
}

TEST(FilmJoin, StartsItsSoundAtZero) {
  for (const int rate : {16000, 44100, 48000}) {
    const TempFolder folder;
    const JoinOrder order = order_in(folder, {40, 35}, rate);
    ASSERT_TRUE(std::holds_alternative<JoinReport>(join_film(order)));
    EXPECT_DOUBLE_EQ(packet_times(order.film, "a").at(1), 0) << rate;
    AudioReader reader(order.film, rate, 1);
    std::vector<float> samples(static_cast<std::size_t>(rate / 10));
    ASSERT_EQ(reader.read(samples.data(), samples.size()) > 0, true);
    EXPECT_NEAR(static_cast<double>(samples[static_cast<std::size_t>(rate / 880)]), 0.5, 0.1) << rate;
  }
}

TEST(FilmJoin, PutsTheIndexFirst) {
  const TempFolder folder;
  const JoinOrder order = order_in(folder, {48, 48});
  ASSERT_TRUE(std::holds_alternative<JoinReport>(join_film(order)));
  const std::string bytes = test::bytes_of(order.film);
  EXPECT_LT(bytes.find("moov"), bytes.find("mdat"));
}

TEST(FilmJoin, GivesEqualBytesForEqualSegments) {
  const TempFolder folder;
  JoinOrder order = order_in(folder, {48, 20});
  ASSERT_TRUE(std::holds_alternative<JoinReport>(join_film(order)));
  const std::string first = test::bytes_of(order.film);
  ASSERT_TRUE(std::holds_alternative<JoinReport>(join_film(order)));
  EXPECT_EQ(test::bytes_of(order.film), first);
}

TEST(FilmJoin, MeasuresSeams) {
  const TempFolder folder;
  JoinOrder order = order_in(folder, {30, 30, 30});
  order.segments[2] = test::write_test_segment(folder / "s2.mp4", kSize, {60, 90}, 40);
  order.segments[2].begins_range = true;
  const JoinReport report = std::get<JoinReport>(join_film(order));
  ASSERT_EQ(report.joints.size(), 2U);
  EXPECT_EQ(report.joints[0].frame, 30);
  EXPECT_FALSE(report.joints[0].between_ranges);
  EXPECT_NEAR(report.joints[0].seam_ratio, 1, 0.5);
  EXPECT_EQ(report.joints[1].frame, 60);
  EXPECT_TRUE(report.joints[1].between_ranges);
  EXPECT_GT(report.joints[1].seam_ratio, 5);
}

TEST(FilmJoin, OfOneFrameIsAFilm) {
  const TempFolder folder;
  const JoinOrder order = order_in(folder, {1});
  const JoinReport report = std::get<JoinReport>(join_film(order));
  EXPECT_EQ(report.frames, 1);
  EXPECT_TRUE(report.joints.empty());
}

TEST(FilmJoin, ReportsProgress) {
  const TempFolder folder;
  const JoinOrder order = order_in(folder, {10, 12});
  std::vector<std::int64_t> seen;
  join_film(order, [&](std::int64_t frames) { seen.push_back(frames); });
  EXPECT_THAT(seen, ElementsAre(10, 22));
}

/// Runs the join with a fault and checks that segment 1 is blamed and nothing is left.
void expect_second_segment_blamed(const TempFolder& folder, const JoinOrder& order, const std::string& why) {
  const JoinOutcome outcome = join_film(order);
  ASSERT_TRUE(std::holds_alternative<BadSegment>(outcome));
  EXPECT_EQ(std::get<BadSegment>(outcome).index, 1U);
  EXPECT_THAT(std::get<BadSegment>(outcome).why, HasSubstr(why));
  EXPECT_FALSE(std::filesystem::exists(order.film));
  EXPECT_FALSE(std::filesystem::exists(folder / "film.mp4.part"));
}

TEST(FilmJoin, NamesASegmentThatIsMissing) {
  const TempFolder folder;
  const JoinOrder order = order_in(folder, {20, 20, 20});
  std::filesystem::remove(order.segments[1].file);
  expect_second_segment_blamed(folder, order, "No such file");
}

TEST(FilmJoin, NamesASegmentThatIsTorn) {
  const TempFolder folder;
  const JoinOrder order = order_in(folder, {20, 60, 20});
  test::truncate_to(order.segments[1].file, 0.7);
  expect_second_segment_blamed(folder, order, "s1.mp4");
}

TEST(FilmJoin, NamesASegmentWithOtherContent) {
  const TempFolder folder;
  const JoinOrder order = order_in(folder, {20, 20, 20});
  test::write_test_segment(order.segments[1].file, kSize, {20, 40}, 9);
  expect_second_segment_blamed(folder, order, "CRC differs");
}

TEST(FilmJoin, NamesASegmentWithAnotherNumberOfFrames) {
  const TempFolder folder;
  const JoinOrder order = order_in(folder, {20, 20, 20});
  test::write_test_segment(order.segments[1].file, kSize, {20, 39});
  expect_second_segment_blamed(folder, order, "19 frames of 20");
  test::write_test_segment(order.segments[1].file, kSize, {20, 41});
  expect_second_segment_blamed(folder, order, "more than 20 frames");
}

TEST(FilmJoin, NamesASegmentOfAnotherSize) {
  const TempFolder folder;
  const JoinOrder order = order_in(folder, {20, 20, 20});
  test::write_test_segment(order.segments[1].file, {128, 64}, {20, 40});
  expect_second_segment_blamed(folder, order, "64 x 128, the film's 128 x 64");
}

TEST(FilmJoin, NamesASegmentWhoseFramesDoNotDecodeToItsFacts) {
  const TempFolder folder;
  JoinOrder order = order_in(folder, {20, 20, 20});
  order.segments[1].facts.last_frame_crc ^= 1U;
  expect_second_segment_blamed(folder, order, "frame 39 of the film does not decode");
}

TEST(FilmJoin, RefusesSoundOfAnotherLength) {
  const TempFolder folder;
  const JoinOrder order = order_in(folder, {20, 20});
  encode_sound(folder / "a.wav", {0, 16000}, 25, order.sound);
  EXPECT_THAT(error_of(ErrorKind::Io, [&] { join_film(order); }), HasSubstr("encode it again"));
  EXPECT_FALSE(std::filesystem::exists(order.film));
}

TEST(FilmJoin, RefusesAnOrderWithGaps) {
  const TempFolder folder;
  JoinOrder order = order_in(folder, {20, 20});
  order.segments[1].frames = {21, 41};
  EXPECT_THAT(error_of(ErrorKind::Bug, [&] { join_film(order); }), HasSubstr("frame 20 comes next"));
}

}  // namespace
}  // namespace longtake
