#include "scheduler/doctor/examination.h"

#include <nlohmann/json.hpp>
#include <set>

#include "tests/scheduler/doctor/finding_matchers.h"
#include "tests/scheduler/doctor/small_profiles.h"

namespace longtake {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

TEST(CheckMpi, EveryRankThatWasStartedHasToAnswer) {
  EXPECT_THAT(check_mpi({2, true, {{0, "node1", 0}, {1, "node1", 0}}, ""}),
              is_good("2 ranks were started on 1 host, and all answered"));
  EXPECT_THAT(check_mpi({2, true, {}, "There are not enough slots available"}),
              is_bad(AllOf(HasSubstr("0 answered"), HasSubstr("not enough slots"))));
  EXPECT_THAT(check_mpi({2, false, {}, ""}),
              AllOf(is_bad(HasSubstr("no mpirun")), with_remedy(HasSubstr("openmpi-bin"))));
}

TEST(CheckFfmpeg, AMissingEncoderIsBad) {
  EXPECT_THAT(check_ffmpeg({"5.1.9", {}}), is_good(HasSubstr("5.1.9")));
  EXPECT_THAT(check_ffmpeg({"5.1.9", {"libx264"}}), is_bad(HasSubstr("without libx264")));
}

TEST(Examination, HasOneFindingPerCheckWhateverTheFactsAre) {
  const std::vector<Finding> findings = examine({}, cpu_profile());
  std::set<std::string> names;
  for (const Finding& finding : findings) {
    names.insert(finding.name);
    EXPECT_THAT(finding.reason, Not(IsEmpty())) << finding.name;
  }
  EXPECT_THAT(names, SizeIs(findings.size()));
  EXPECT_THAT(names,
              testing::IsSupersetOf({"driver", "gpus", "nccl", "ports", "work_directory", "mpi", "limits"}));
}

TEST(Findings, AreShownALineEachWithRemediesBelow) {
  const std::vector<Finding> findings = {good("ports", "free: 29103"),
                                         warning("shared_memory", "64 MiB", "start with --shm-size=1g"),
                                         not_applicable("nccl", "no CUDA")};
  EXPECT_EQ(findings_text(findings, false),
            "good     ports            free: 29103\n"
            "warning  shared_memory    64 MiB\n"
            "                          -> start with --shm-size=1g\n"
            "-        nccl             no CUDA\n"
            "nothing is bad, 1 warning\n");
  EXPECT_FALSE(is_any_bad(findings));
}

TEST(Findings, AreColouredOnATerminalOnly) {
  const std::vector<Finding> findings = {bad("mpi", "no mpirun", "install it")};
  EXPECT_THAT(findings_text(findings, true), HasSubstr("\033[31mbad      \033[0m"));
  EXPECT_THAT(findings_text(findings, false), Not(HasSubstr("\033")));
  EXPECT_THAT(findings_text(findings, false),
              HasSubstr("1 bad, 0 warnings: change what is bad before a run"));
  EXPECT_TRUE(is_any_bad(findings));
}

TEST(Findings, AreJson) {
  const nlohmann::json wanted = {
      {{"name", "mpi"}, {"verdict", "bad"}, {"reason", "no mpirun"}, {"remedy", "install it"}}};
  EXPECT_EQ(to_json({bad("mpi", "no mpirun", "install it")}), wanted);
}

}  // namespace
}  // namespace longtake
