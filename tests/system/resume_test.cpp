// Running again: what is finished is kept, what is missing or damaged is made again, and only that.
#include <gmock/gmock.h>
#include <signal.h>

#include <fstream>

#include "tests/system/support/attempts.h"
#include "tests/system/support/database.h"
#include "tests/system/support/files.h"
#include "tests/system/support/film.h"
#include "tests/system/support/project.h"
#include "tests/system/support/waiting.h"

namespace longtake {
namespace {

using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

constexpr std::int64_t kFrames = 480;  // ten clips, five segments
constexpr int kSegments = 5;

class Resume : public ::testing::Test {
 protected:
  Resume() {
    project_.add_job("talk", Recording().tone(kFrames / 25.0), "continuity: chained\nsegment_clips: 2\n");
  }

  void run_well(const std::string& ranks = "2") {
    const Ended ended = project_.run({"talk"}, {"--ranks", ranks});
    ASSERT_EQ(ended.exit_code, 0) << ended.out << ended.err;
    EXPECT_THAT(strip_numbers(project_.film("talk")), ElementsAreArray(whole_film(kFrames)));
  }

  /// The beginnings of the segments that were attempted after attempt `last`, in order.
  std::vector<int> attempted_since(std::int64_t last) {
    std::vector<int> begins;
    const std::string query =
        "SELECT begin_clip FROM attempts a JOIN segments s ON s.id = a.segment_id WHERE a.id > ";
    for (const auto& row : query_rows(project_.database(), query + std::to_string(last) + " ORDER BY a.id")) {
      begins.push_back(row.at("begin_clip"));
    }
    return begins;
  }
  std::int64_t last_attempt() { return query_number(project_.database(), "SELECT max(id) FROM attempts"); }
  std::filesystem::path segment(const std::string& clips) {
    return project_.segments("talk") / ("c" + clips + ".mp4");
  }

  Project project_;
};

TEST_F(Resume, OfAFinishedJobMakesNothing) {
  run_well();
  const auto written = std::filesystem::last_write_time(project_.film("talk"));
  run_well();
  EXPECT_EQ(std::filesystem::last_write_time(project_.film("talk")), written);
  EXPECT_EQ(last_attempt(), kSegments);
}

TEST_F(Resume, ReadsTheInputsOnlyOnce) {
  run_well();
  const auto read = std::filesystem::last_write_time(project_.job("talk") / "speech.f32");
  run_well();
  EXPECT_EQ(std::filesystem::last_write_time(project_.job("talk") / "speech.f32"), read);
}

TEST_F(Resume, MakesADeletedFilmWithoutGenerating) {
  run_well();
  const std::string before = picture_md5(project_.film("talk"));
  std::filesystem::remove(project_.film("talk"));
  run_well();
  EXPECT_EQ(picture_md5(project_.film("talk")), before);
  EXPECT_EQ(last_attempt(), kSegments);
}

TEST_F(Resume, MakesADeletedSegmentAgainWhenTheFilmIsToBeMade) {
  run_well();
  const std::string before = read_file(segment("000004-000006"));
  std::filesystem::remove(segment("000004-000006"));
  std::filesystem::remove(project_.film("talk"));
  run_well();
  EXPECT_THAT(attempted_since(kSegments), ElementsAre(4));
  EXPECT_EQ(read_file(segment("000004-000006")), before);
}

TEST_F(Resume, MakesATruncatedSegmentAgain) {
  run_well();
  truncate_file(segment("000002-000004"), std::filesystem::file_size(segment("000002-000004")) / 2);
  std::filesystem::remove(project_.film("talk"));
  run_well();
  EXPECT_THAT(attempted_since(kSegments), ElementsAre(2));
}

TEST_F(Resume, MakesASegmentAgainThatTheJoinFindsDamaged) {
  run_well();
  const std::string before = picture_md5(project_.film("talk"));
  flip_middle(segment("000006-000008"), 64);
  std::filesystem::remove(project_.film("talk"));
  run_well();
  EXPECT_THAT(attempted_since(kSegments), ElementsAre(6));
  EXPECT_EQ(picture_md5(project_.film("talk")), before);
}

TEST_F(Resume, MakesASegmentAgainWhoseCarryIsGone) {
  run_well();
  std::filesystem::remove(project_.segments("talk") / "c000002-000004.carry.safetensors");
  std::filesystem::remove(project_.film("talk"));
  run_well();
  EXPECT_THAT(attempted_since(kSegments), ElementsAre(2));
}

/// As a crash between the rename of the file and the commit of the database leaves it.
TEST_F(Resume, AdoptsACompleteSegmentThatTheDatabaseDoesNotKnow) {
  run_well();
  change_database(
      project_.database(),
      "UPDATE segments SET state='running', bytes=NULL, frames=NULL, packets_crc=NULL, "
      "first_frame_crc=NULL, last_frame_crc=NULL, finished_at=NULL WHERE begin_clip=4;"
      "UPDATE attempts SET state='running', ended_at=NULL WHERE segment_id=(SELECT id FROM segments "
      "WHERE begin_clip=4);"
      "UPDATE jobs SET state='running'");
  run_well();
  EXPECT_EQ(last_attempt(), kSegments);
  EXPECT_EQ(query_number(project_.database(), "SELECT count(*) FROM segments WHERE state='finished'"),
            kSegments);
}

/// As a crash leaves it when a segment was ended early and the rest of it was not even begun.
TEST_F(Resume, AdoptsTheFirstPartOfASegmentThatWasCutWhenTheRunDied) {
  run_well();
  change_database(project_.database(),
                  "DELETE FROM attempts WHERE segment_id=(SELECT id FROM segments WHERE begin_clip=4);"
                  "DELETE FROM segments WHERE begin_clip=4;"
                  "UPDATE segments SET end_clip=6, state='pending' WHERE begin_clip=2;"
                  "UPDATE jobs SET state='running'");
  std::filesystem::remove(segment("000004-000006"));
  const std::int64_t last = last_attempt();
  run_well();
  EXPECT_THAT(attempted_since(last), ElementsAre(4));
  EXPECT_EQ(query_number(project_.database(), "SELECT end_clip FROM segments WHERE begin_clip=2"), 4);
}

TEST_F(Resume, DoesNotAdoptASegmentOfAnotherJob) {
  project_.add_job("other", Recording().tone(kFrames / 25.0, 330), "continuity: chained\nsegment_clips: 2\n");
  ASSERT_EQ(project_.run({"talk", "other"}, {"--ranks", "2"}).exit_code, 0);
  const std::int64_t last = last_attempt();
  const std::string name = "c000004-000006.mp4";
  const std::string before = read_file(project_.segments("talk") / name);
  std::filesystem::copy_file(project_.segments("other") / name, project_.segments("talk") / name,
                             std::filesystem::copy_options::overwrite_existing);
  std::filesystem::remove(project_.film("talk"));
  change_database(project_.database(), "UPDATE segments SET state='pending' WHERE begin_clip=4 AND job_id=1");
  ASSERT_EQ(project_.run({"talk", "other"}, {"--ranks", "2"}).exit_code, 0);
  EXPECT_THAT(attempted_since(last), ElementsAre(4));
  EXPECT_EQ(read_file(project_.segments("talk") / name), before);
}

TEST(ResumeOnOtherRanks, KeepsTheRangesAndGivesTheSameFilm) {
  Project project;
  project.add_job("talk", Recording().speech(60), "continuity: parallel\nsegment_clips: 4\n");
  ASSERT_EQ(project.run({"talk"}, {"--ranks", "2"}).exit_code, 0);
  const std::string before = picture_md5(project.film("talk"));
  for (const std::string ranks : {"1", "4"}) {
    ASSERT_EQ(project.longtake({"redo", "talk", "--clips", "0:30", "--work-dir", "work"}).exit_code, 0);
    ASSERT_EQ(project.run({"talk"}, {"--ranks", ranks}).exit_code, 0);
    EXPECT_EQ(picture_md5(project.film("talk")), before);
    EXPECT_EQ(query_number(project.database(), "SELECT count(*) FROM ranges"), 2);
  }
}

TEST_F(Resume, RedoMakesExactlyTheseClipsAndThoseChainedAfterThemAgain) {
  run_well();
  const Ended redo = project_.longtake({"redo", "talk", "--clips", "5:6", "--work-dir", "work"});
  EXPECT_EQ(redo.exit_code, 0) << redo.err;
  EXPECT_THAT(redo.out, HasSubstr("3 segments"));
  run_well("1");
  EXPECT_THAT(attempted_since(kSegments), ElementsAre(4, 6, 8));
}

TEST_F(Resume, RedoRefusesWhatIsNotThere) {
  run_well();
  for (const auto& wrong : {std::vector<std::string>{"talk", "--clips", "9:12"},
                            {"talk", "--clips", "4:4"},
                            {"talk", "--clips", "soon"},
                            {"walk", "--clips", "0:2"}}) {
    std::vector<std::string> command = {"redo"};
    command.insert(command.end(), wrong.begin(), wrong.end());
    command.insert(command.end(), {"--work-dir", "work"});
    const Ended ended = project_.longtake(command);
    EXPECT_EQ(ended.exit_code, 2) << ::testing::PrintToString(command);
    EXPECT_THAT(ended.err, Not(IsEmpty()));
  }
  run_well();
  EXPECT_EQ(last_attempt(), kSegments);
}

TEST_F(Resume, RefusesAWorkDirectoryOfAnotherJob) {
  run_well();
  const auto before = tree_of(project_.work_dir());
  const std::string film = read_file(project_.film("talk"));
  project_.add_job("talk", Recording().tone(kFrames / 25.0), "continuity: chained\nbase_seed: 7\n");
  const Ended ended = project_.run({"talk"});
  EXPECT_EQ(ended.exit_code, 2);
  EXPECT_THAT(ended.err, HasSubstr("base_seed was 420 and is now 7"));
  const std::string identity = query_rows(project_.database(), "SELECT identity FROM jobs")[0].at("identity");
  EXPECT_THAT(ended.err, HasSubstr(identity.substr(0, 12)));
  EXPECT_EQ(tree_of(project_.work_dir()), before);
  EXPECT_EQ(read_file(project_.film("talk")), film);
}

TEST_F(Resume, RefusesAWorkDirectoryOfAnotherRecording) {
  run_well();
  project_.add_job("talk", Recording().tone(kFrames / 25.0, 880), "continuity: chained\nsegment_clips: 2\n");
  const Ended ended = project_.run({"talk"});
  EXPECT_EQ(ended.exit_code, 2);
  EXPECT_THAT(ended.err, HasSubstr("audio has other content"));
}

TEST_F(Resume, DoesNotMindWhatChangesNoPicture) {
  run_well();
  project_.add_job("talk", Recording().tone(kFrames / 25.0),
                   "continuity: chained\nsegment_clips: 2\npriority: 5\n");
  std::filesystem::rename(project_.file("talk.wav"), project_.file("speech.wav"));
  std::string lines = read_file(project_.file("talk.yaml"));
  lines.replace(lines.find("talk.wav"), 8, "speech.wav");
  project_.add_job_file("talk", lines);
  run_well();
  EXPECT_EQ(last_attempt(), kSegments);
}

TEST_F(Resume, RefusesADamagedDatabaseAndKeepsEverything) {
  run_well();
  const std::string film = read_file(project_.film("talk"));
  const std::string good = read_file(project_.database());
  std::string garbled = good;
  for (std::size_t i = 0; i < garbled.size(); i += 3) garbled[i] = static_cast<char>(~garbled[i]);
  for (const std::string& bad : {garbled, good.substr(0, good.size() / 2), std::string(5000, 'x')}) {
    write_file(project_.database(), bad);
    const Ended ended = project_.run({"talk"}, {"--ranks", "2"});
    EXPECT_EQ(ended.exit_code, 2) << ended.err;
    EXPECT_THAT(ended.err, HasSubstr("longtake.db"));
    EXPECT_EQ(read_file(project_.database()), bad) << "evidence is kept";
    EXPECT_EQ(read_file(project_.film("talk")), film);
    EXPECT_THAT(names_in(project_.segments("talk"), ".mp4"), SizeIs(kSegments));
  }
}

TEST_F(Resume, RefusesTheDatabaseOfAnotherProgram) {
  std::filesystem::create_directories(project_.work_dir());
  change_database(project_.database(),
                  "CREATE TABLE recipes (title TEXT); INSERT INTO recipes VALUES ('soup')");
  const Ended ended = project_.run({"talk"}, {"--ranks", "1"});
  EXPECT_EQ(ended.exit_code, 2);
  EXPECT_THAT(ended.err, HasSubstr("longtake.db"));
  EXPECT_EQ(query_number(project_.database(), "SELECT count(*) FROM recipes"), 1);
}

TEST_F(Resume, FindsFinishedSegmentsAgainWithoutADatabase) {
  run_well();
  const std::string before = picture_md5(project_.film("talk"));
  std::filesystem::remove(project_.database());
  std::filesystem::remove(project_.film("talk"));
  run_well();
  EXPECT_EQ(picture_md5(project_.film("talk")), before);
  EXPECT_EQ(query_number(project_.database(), "SELECT count(*) FROM attempts"), 0);
}

}  // namespace
}  // namespace longtake
