// The film that comes out of a run: every frame once and in order, its sound in time with it.
#include "tests/system/support/film.h"

#include <gmock/gmock.h>

#include <cstdlib>
#include <map>
#include <nlohmann/json.hpp>
#include <random>

#include "tests/system/support/database.h"
#include "tests/system/support/files.h"
#include "tests/system/support/project.h"

namespace longtake {
namespace {

using ::testing::Each;
using ::testing::ElementsAreArray;
using ::testing::SizeIs;

constexpr double kFrame_s = 0.04;

std::int64_t frames_of(const Recording& recording) {
  return static_cast<std::int64_t>(recording.seconds() / kFrame_s + 1 - 1e-9);
}

/// Every frame once, in order, `frames` of them, and sound from beginning to end within one frame.
void expect_whole_film(const std::filesystem::path& film, std::int64_t frames) {
  EXPECT_THAT(strip_numbers(film), ElementsAreArray(whole_film(frames)));
  const Tracks tracks = tracks_of(film);
  EXPECT_EQ(tracks.picture.codec, "h264");
  EXPECT_EQ(tracks.picture.frames, frames);
  EXPECT_NEAR(tracks.picture.duration_s, static_cast<double>(frames) * kFrame_s, 1e-3);
  EXPECT_NEAR(tracks.sound.duration_s, tracks.picture.duration_s, kFrame_s);
  EXPECT_NEAR(tracks.picture.start_s, 0, 1e-3);
  EXPECT_NEAR(tracks.sound.start_s, 0, kFrame_s);
}

/// The bytes of every segment file, by name.
std::map<std::string, std::string> segment_bytes(const Project& project, const std::string& job) {
  std::map<std::string, std::string> bytes;
  for (const std::string& name : names_in(project.segments(job), ".mp4")) {
    bytes[name] = read_file(project.segments(job) / name);
  }
  return bytes;
}

void run_well(const Project& project, const std::vector<std::string>& jobs,
              const std::vector<std::string>& options) {
  const Ended ended = project.run(jobs, options);
  ASSERT_EQ(ended.exit_code, 0) << ended.out << ended.err;
}

TEST(Film, IsWholeAndItsSegmentsAreEqualOnOneTwoAndFourRanks) {
  const Recording recording = Recording().speech(61.3);
  std::map<std::string, std::map<std::string, std::string>> segments_by_ranks;
  for (const std::string ranks : {"1", "2", "4"}) {
    Project project;
    project.add_job("talk", recording, "continuity: chained\nsegment_clips: 3\n");
    run_well(project, {"talk"}, {"--ranks", ranks});
    expect_whole_film(project.film("talk"), frames_of(recording));
    segments_by_ranks[ranks] = segment_bytes(project, "talk");
  }
  EXPECT_THAT(segments_by_ranks["1"], SizeIs(11));
  EXPECT_EQ(segments_by_ranks["1"], segments_by_ranks["2"]);
  EXPECT_EQ(segments_by_ranks["1"], segments_by_ranks["4"]);
}

TEST(Film, OfAParallelJobIsWholeAndHasARangePerRank) {
  const Recording recording = Recording().speech(60);
  for (const std::string ranks : {"1", "2", "4"}) {
    Project project;
    project.add_job("talk", recording, "continuity: parallel\nsegment_clips: 2\n");
    run_well(project, {"talk"}, {"--ranks", ranks});
    expect_whole_film(project.film("talk"), frames_of(recording));
    EXPECT_EQ(query_number(project.database(), "SELECT count(*) FROM ranges"), std::stoll(ranks));
  }
}

TEST(Film, HasItsSoundInTimeWithItsPicture) {
  const std::vector<double> clicks = {0.5, 3.2, 7.04, 12.34, 19.0, 29.5};
  Recording recording = Recording().tone(30.7);
  for (const double at_s : clicks) recording.click(at_s);
  Project project;
  project.add_job("clicks", recording, "continuity: parallel\nsegment_clips: 1\n");
  run_well(project, {"clicks"}, {"--ranks", "2"});

  const std::vector<double> heard = click_times(project.film("clicks"));
  ASSERT_THAT(heard, SizeIs(clicks.size()));
  const std::vector<double> levels = meter_levels(project.film("clicks"));
  for (std::size_t i = 0; i < clicks.size(); ++i) {
    EXPECT_NEAR(heard[i], clicks[i], kFrame_s);
    const auto frame = static_cast<std::size_t>(clicks[i] / kFrame_s + 1e-6);
    EXPECT_GT(levels.at(frame), levels.at(frame - 1)) << "the meter shows the click at " << clicks[i] << " s";
    EXPECT_GT(levels.at(frame), levels.at(frame + 1)) << "the meter shows the click at " << clicks[i] << " s";
  }
}

TEST(Film, OfEveryJobOfARunIsWhole) {
  Project project;
  const std::vector<double> lengths_s = {4.2, 31.02, 9, 0.5};
  std::vector<std::string> jobs;
  for (std::size_t i = 0; i < lengths_s.size(); ++i) {
    jobs.push_back("job-" + std::to_string(i));
    project.add_job(jobs.back(), Recording().tone(lengths_s[i]), "segment_clips: 2\n");
  }
  run_well(project, jobs, {"--ranks", "2"});
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    expect_whole_film(project.film(jobs[i]), frames_of(Recording().tone(lengths_s[i])));
  }
}

TEST(Film, HasClipsOfTheLengthAskedFor) {
  const Recording recording = Recording().speech(20.5);
  Project project;
  project.add_job("talk", recording, "infer_frames: 24\nsegment_clips: 4\ncontinuity: chained\n");
  run_well(project, {"talk"}, {"--ranks", "2"});
  expect_whole_film(project.film("talk"), frames_of(recording));
  EXPECT_EQ(query_number(project.database(), "SELECT clips FROM jobs"), 22);
  EXPECT_THAT(names_in(project.segments("talk"), ".mp4"), SizeIs(6));
}

TEST(Film, EndsAfterTheNumberOfClipsAskedFor) {
  Project project;
  project.add_job("talk", Recording().speech(60), "num_clip: 5\n");
  run_well(project, {"talk"}, {"--ranks", "2"});
  expect_whole_film(project.film("talk"), 5 * 48);
}

TEST(Film, BeginsAndEndsWithTheSpeech) {
  // Half a second of silence stays on either side: 0.5 + 10 + 0.5 s.
  const Recording recording = Recording().pause(4).tone(10).pause(6);
  Project project;
  project.add_job("trimmed", recording);
  project.add_job("untrimmed", recording, "trim_silence: false\n");
  run_well(project, {"trimmed", "untrimmed"}, {"--ranks", "2"});
  expect_whole_film(project.film("untrimmed"), 500);
  const auto frames = static_cast<std::int64_t>(strip_numbers(project.film("trimmed")).size());
  EXPECT_NEAR(static_cast<double>(frames), 275, 2);
  expect_whole_film(project.film("trimmed"), frames);
}

/// Of 1900x1900 pixels without any order, which PNG cannot make smaller.
std::string png_of_ten_megabytes(const Project& project) {
  constexpr std::size_t kSide = 1900;
  std::mt19937 random(1);
  std::string pixels(kSide * kSide * 3, '\0');
  for (char& byte : pixels) byte = static_cast<char>(random());
  write_file(project.file("pixels"), pixels);
  const std::string size = std::to_string(kSide) + "x" + std::to_string(kSide);
  return output_of({"ffmpeg", "-v", "error", "-f", "rawvideo", "-pix_fmt", "rgb24", "-s", size, "-i",
                    project.file("pixels").string(), "-f", "image2pipe", "-c:v", "png", "-"});
}

std::int64_t peak_bytes_of(const Project& project) {
  const std::string report = read_file(project.job("talk") / "report.json");
  return nlohmann::json::parse(report).at("peak_bytes_measured");
}

TEST(Film, OfAPortraitOfTenMegabytesTakesTheMemoryOfASmallOne) {
  std::vector<std::int64_t> peaks;
  for (const bool is_large : {false, true}) {
    Project project;
    project.add_job("talk", Recording().tone(4));
    if (is_large) write_file(project.file("face.png"), png_of_ten_megabytes(project));
    EXPECT_EQ(std::filesystem::file_size(project.file("face.png")) > 10'000'000, is_large);
    run_well(project, {"talk"}, {"--ranks", "1"});
    peaks.push_back(peak_bytes_of(project));
  }
  constexpr std::int64_t kSmallChange_bytes = 4 << 20;
  EXPECT_LT(std::abs(peaks[1] - peaks[0]), kSmallChange_bytes) << peaks[0] << " and " << peaks[1];
}

TEST(Film, GoesWhereTheJobSays) {
  Project project;
  project.add_job("talk", Recording().tone(3), "output: films/news.mp4\n");
  std::filesystem::create_directory(project.file("films"));
  run_well(project, {"talk"}, {"--ranks", "1"});
  expect_whole_film(project.file("films/news.mp4"), 75);
  EXPECT_FALSE(std::filesystem::exists(project.film("talk")));
  EXPECT_THAT(names_in(project.file("films"), ".part"), SizeIs(0));
}

}  // namespace
}  // namespace longtake
