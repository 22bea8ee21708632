// Engines that cannot connect with their group in the fast way.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "tests/system/support/audit.h"
#include "tests/system/support/database.h"
#include "tests/system/support/files.h"
#include "tests/system/support/film.h"
#include "tests/system/support/project.h"

namespace longtake {
namespace {

using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(Transport, ThatCannotConnectIsPlainAfterwardsAndTheReportSaysSo) {
  Project project;
  project.add_job("talk", Recording().tone(2.5), "infer_frames: 24\nsegment_clips: 1\ncontinuity: chained\n");
  project.set_faults("not_connected");
  const Ended ended = project.run({"talk"}, {"--ranks", "1"});
  ASSERT_EQ(ended.exit_code, 0) << ended.out << ended.err;
  EXPECT_THAT(strip_numbers(project.film("talk")), ElementsAreArray(whole_film(63)));
  EXPECT_THAT(audit(project, {"talk"}), IsEmpty());
  EXPECT_THAT(project.faults_committed(), ElementsAre(HasSubstr("not_connected rank=0 start=1")))
      << "three segments were made, the engine was started anew once";

  const auto what = HasSubstr(
      "could not connect its engines: NCCL: unhandled system error: made up; trying "
      "without peer-to-peer and InfiniBand");
  const auto report = nlohmann::json::parse(read_file(project.job("talk") / "report.json"));
  EXPECT_EQ(report.at("attempts").at("failed"), 1);
  EXPECT_THAT(report.at("attempts").at("faults_survived").at(0).get<std::string>(), what);
  EXPECT_EQ(report.at("history").at(0).at("attempts").at(0).at("error_kind"), "not_connected");
  const auto events =
      query_rows(project.database(), "SELECT text FROM events WHERE text LIKE '%InfiniBand%'");
  ASSERT_EQ(events.size(), 1U);
  EXPECT_THAT(events.at(0).at("text").get<std::string>(), what);
}

}  // namespace
}  // namespace longtake
