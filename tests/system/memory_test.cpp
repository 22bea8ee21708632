// Too little memory for the size asked for: on_oom decides.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "tests/system/support/audit.h"
#include "tests/system/support/database.h"
#include "tests/system/support/files.h"
#include "tests/system/support/film.h"
#include "tests/system/support/project.h"

namespace longtake {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr const char* kThreeSegments = "infer_frames: 24\nsegment_clips: 1\ncontinuity: chained\n";
/// The first segment is made all the same.
constexpr const char* kTooLittleFor128 = "out_of_memory above=128*64 clip=1";

class Memory : public ::testing::Test {
 protected:
  void add_job(const std::string& on_oom) {
    project_.add_job("talk", Recording().tone(2.5), kThreeSegments + ("on_oom: " + on_oom + "\n"));
    project_.set_faults(kTooLittleFor128);
  }
  Ended run() const { return project_.run({"talk"}, {"--ranks", "1"}); }
  nlohmann::json report() const {
    return nlohmann::json::parse(read_file(project_.job("talk") / "report.json"));
  }
  std::string explanation() const { return project_.longtake({"explain", "talk", "--work-dir", "work"}).out; }

  Project project_;
};

TEST_F(Memory, ThatIsTooLittleFailsTheJobWithARemedy) {
  add_job("fail");
  const Ended ended = run();
  EXPECT_EQ(ended.exit_code, 1) << ended.err;
  EXPECT_THAT(ended.out, HasSubstr("no memory left on device 0 for 128x128"));
  EXPECT_THAT(explanation(), HasSubstr("longtake plan"));
  EXPECT_EQ(query_number(project_.database(), "SELECT height FROM jobs"), 128) << "never silently another";
}

TEST_F(Memory, ThatIsTooLittleMakesTheJobSmallerInTheNextRunWhenItsFileAllowsThat) {
  add_job("smaller_size");
  const Ended first = run();
  EXPECT_EQ(first.exit_code, 75) << first.out << first.err;
  EXPECT_THAT(first.out, HasSubstr("talk ran out of memory at 128*128, goes on at 64*64 in the next run "
                                   "(on_oom: smaller_size); run again to go on"));
  EXPECT_THAT(explanation(), HasSubstr("goes on at 64*64"));

  const Ended second = run();
  EXPECT_EQ(second.exit_code, 0) << second.out << second.err;
  EXPECT_THAT(second.err, HasSubstr("made at 64*64 instead of the 128*128 asked for"));
  EXPECT_EQ(tracks_of(project_.film("talk")).picture.frames, 63);
  EXPECT_THAT(audit(project_, {"talk"}), IsEmpty());
  EXPECT_EQ(report().at("width"), 64);
  EXPECT_EQ(report().at("height"), 64);
  EXPECT_EQ(report().at("asked_width"), 128);
  EXPECT_EQ(report().at("asked_height"), 128);
  EXPECT_THAT(explanation(), AllOf(HasSubstr("is done"), HasSubstr("It is made at 64*64")));
  EXPECT_EQ(run().exit_code, 0) << "the same file is still the same job";
}

}  // namespace
}  // namespace longtake
