// What the database and report.json say in the morning about a night in which a few things went wrong.
#include <gmock/gmock.h>

#include <signal.h>

#include <nlohmann/json.hpp>

#include "tests/system/support/audit.h"
#include "tests/system/support/database.h"
#include "tests/system/support/files.h"
#include "tests/system/support/film.h"
#include "tests/system/support/process_tree.h"
#include "tests/system/support/waiting.h"

namespace longtake {
namespace {

using ::testing::ElementsAreArray;
using ::testing::Ge;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr std::int64_t kFrames = 240;  // twenty clips, ten segments

class Audit : public ::testing::Test {
 protected:
  Audit() {
    project_.add_job("talk", Recording().speech(kFrames / 25.0),
                     "infer_frames: 12\nsegment_clips: 2\ncontinuity: chained\n");
  }

  void run_well() {
    const Ended ended = project_.run({"talk"}, {"--ranks", "2"});
    ASSERT_EQ(ended.exit_code, 0) << ended.out << ended.err;
    EXPECT_THAT(strip_numbers(project_.film("talk")), ElementsAreArray(whole_film(kFrames)));
    EXPECT_THAT(audit(project_, {"talk"}), IsEmpty());
  }

  /// The tries at the segment that begins at `clip`, as report.json tells them.
  nlohmann::json attempts_at(std::int64_t clip) const {
    const auto report = nlohmann::json::parse(read_file(project_.job("talk") / "report.json"));
    for (const auto& segment : report.at("history")) {
      if (segment.at("clips").at(0) == clip) return segment.at("attempts");
    }
    return {};
  }

  /// The two that `fault` leads to there.
  nlohmann::json attempts_after(const std::string& fault, std::int64_t clip) {
    project_.set_faults(fault);
    run_well();
    nlohmann::json attempts = attempts_at(clip);
    if (attempts.size() != 2) throw std::runtime_error("these are not two attempts: " + attempts.dump());
    return attempts;
  }

  Project project_;
};

TEST_F(Audit, OfAnEngineThatFailsSaysWhereAndWhy) {
  const auto attempts = attempts_after("exit clip=4 attempt=3 frame=5", 4);
  EXPECT_EQ(attempts[0].at("state"), "failed");
  EXPECT_EQ(attempts[0].at("error_kind"), "device_lost");
  EXPECT_THAT(attempts[0].at("message"), HasSubstr("exit code 3"));
  EXPECT_EQ(attempts[1].at("state"), "finished");
  EXPECT_NE(attempts[0].at("ranks"), attempts[1].at("ranks")) << "it is tried elsewhere";
  EXPECT_NE(attempts[0].at("host"), "");
}

TEST_F(Audit, OfAFileThatWasTornSaysThatItWasMadeAgain) {
  const auto attempts = attempts_after("torn_file clip=6 attempt=4", 6);
  EXPECT_EQ(attempts[0].at("state"), "finished");
  EXPECT_THAT(attempts[0].at("message"), HasSubstr("made again: "));
  EXPECT_EQ(attempts[1].at("message"), "");
}

TEST_F(Audit, OfAFrameTooFewSaysThatTheAttemptFailed) {
  const auto attempts = attempts_after("short_file clip=8 attempt=5", 8);
  EXPECT_EQ(attempts[0].at("error_kind"), "io");
  EXPECT_THAT(attempts[0].at("message"), HasSubstr("23 frames of 24"));
}

TEST_F(Audit, AReportOfAnOldAttemptChangesNothing) {
  project_.set_faults("old_attempt");
  run_well();
  EXPECT_THAT(project_.faults_committed(), SizeIs(10));
  EXPECT_EQ(query_number(project_.database(), "SELECT count(*) FROM attempts"), 10);
}

TEST_F(Audit, AnAnswerThatComesLateCounts) {
  project_.set_faults("late seconds=5 clip=2");
  run_well();
  EXPECT_THAT(attempts_at(2), SizeIs(1));
}

TEST_F(Audit, ARunThatWasKilledLeavesItsAttemptsAsLost) {
  project_.set_faults("hang clip=10 frame=6");
  Process run = project_.start_run({"talk"}, {"--ranks", "2"});
  ASSERT_TRUE(becomes_true([&] { return !project_.faults_committed().empty() || run.is_over(); }));
  ::kill(find_process(run.tag(), Role::Mpirun)->pid, SIGKILL);
  run.wait();
  project_.set_faults("");
  run_well();
  const auto attempts = attempts_at(10);
  ASSERT_THAT(attempts, SizeIs(Ge(2U)));  // another rank may have tried it before it, too, ended
  EXPECT_EQ(attempts.front().at("state"), "lost");
  EXPECT_EQ(attempts.front().at("run"), 1);
  EXPECT_EQ(attempts.back().at("state"), "finished");
  EXPECT_EQ(attempts.back().at("run"), 2);
}

}  // namespace
}  // namespace longtake
