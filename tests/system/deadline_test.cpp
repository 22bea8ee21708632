// Time: a run that has to be over goes on another time, and gives the film that an undisturbed one gives.
#include <gmock/gmock.h>
#include <signal.h>

#include "tests/system/support/attempts.h"
#include "tests/system/support/database.h"
#include "tests/system/support/files.h"
#include "tests/system/support/film.h"
#include "tests/system/support/project.h"
#include "tests/system/support/waiting.h"

namespace longtake {
namespace {

using ::testing::ElementsAreArray;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr int kRunAgain = 75;
constexpr int kClipFrames = 24;

class Deadline : public ::testing::Test {
 protected:
  void add_talk(std::int64_t frames, const std::string& more) {
    frames_ = frames;
    project_.add_job("talk", Recording().speech(static_cast<double>(frames) / 25),
                     "infer_frames: " + std::to_string(kClipFrames) + "\n" + more);
  }

  std::int64_t number(const std::string& query) { return query_number(project_.database(), query); }
  std::int64_t finished_segments() { return number("SELECT count(*) FROM segments WHERE state='finished'"); }

  void expect_whole_film_in_the_end() {
    const Ended ended = project_.run({"talk"}, {"--ranks", "2"});
    ASSERT_EQ(ended.exit_code, 0) << ended.out << ended.err;
    EXPECT_THAT(strip_numbers(project_.film("talk")), ElementsAreArray(whole_film(frames_)));
    EXPECT_THAT(needless_attempts(project_.database()), IsEmpty());
    EXPECT_EQ(number("SELECT count(*) FROM attempts WHERE state IN ('failed', 'lost')"), 0);
    EXPECT_EQ(number("SELECT sum(frames) FROM segments"), frames_);
    EXPECT_THAT(names_in(project_.segments("talk"), ".part"), IsEmpty());
  }

  Project project_;
  std::int64_t frames_ = 0;
};

TEST_F(Deadline, ARunIsOverInTimeAndTheNextOneGoesOn) {
  add_talk(16'000, "continuity: chained\nsegment_clips: 50\n");
  project_.set_faults("late seconds=2");  // no machine makes 14 segments in time then
  Ended ended;
  // A busy machine needs more time to start.
  for (const char* deadline : {"14s", "18s", "30s"}) {
    ended = project_.run({"talk"}, {"--ranks", "1", "--deadline", deadline});
    ASSERT_EQ(ended.exit_code, kRunAgain) << ended.out << ended.err;
    if (finished_segments() > 0) break;
  }
  EXPECT_GT(finished_segments(), 0);
  EXPECT_THAT(ended.out, HasSubstr("drained (the time ends at"));
  project_.set_faults("");
  expect_whole_film_in_the_end();
}

TEST_F(Deadline, WhatADrainCutsIsKept) {
  add_talk(12'000, "continuity: parallel\nsegment_clips: 512\n");
  Process run = project_.start_run({"talk"}, {"--ranks", "2"});
  ASSERT_TRUE(becomes_true([&] { return names_in(project_.segments("talk"), ".part").size() == 2; }));
  run.signal(SIGUSR1);
  ASSERT_EQ(run.wait().exit_code, kRunAgain) << run.err();
  EXPECT_EQ(finished_segments(), 2);
  EXPECT_EQ(number("SELECT count(*) FROM segments WHERE state='pending'"), 2);
  expect_whole_film_in_the_end();
}

TEST_F(Deadline, WithoutEnoughTimeNothingIsStarted) {
  add_talk(480, "");
  const Ended ended = project_.run({"talk"}, {"--ranks", "1", "--deadline", "10s"});
  EXPECT_EQ(ended.exit_code, kRunAgain) << ended.out << ended.err;
  EXPECT_THAT(ended.out, HasSubstr("the time ends at"));
  EXPECT_EQ(number("SELECT count(*) FROM attempts"), 0);
}

TEST_F(Deadline, ATimeThatIsNoneIsRefusedBeforeAnythingIsDone) {
  add_talk(480, "");
  const Ended ended = project_.run({"talk"}, {"--deadline", "25:00"});
  EXPECT_EQ(ended.exit_code, 2);
  EXPECT_THAT(ended.err, HasSubstr("--deadline '25:00' is neither a time nor a duration"));
  EXPECT_FALSE(std::filesystem::exists(project_.work_dir()));
}

}  // namespace
}  // namespace longtake
