#include "scheduler/slurm/other_option.h"

#include <gmock/gmock.h>

#include "jobs/error.h"

namespace longtake {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

TEST(OtherOption, IsOneThatOnlySbatchHas) {
  for (const char* good : {"--qos=night", "--qos night", "-C a100", "--exclusive", "--mem-per-cpu=2G",
                           "--time-min=60", "--gpus=8", "--error=other.log", "-L licence"}) {
    EXPECT_NO_THROW(require_other_option(good)) << good;
  }
}

TEST(OtherOption, BeginsWithADash) {
  for (const char* bad : {"bla", "", "-", "--", "--=night"}) {
    EXPECT_THAT([bad] { require_other_option(bad); },
                ThrowsMessage<Error>(AllOf(HasSubstr("--sbatch=" + std::string(bad) + ":"),
                                           HasSubstr("--sbatch=--qos=night"))));
  }
}

struct Refused {
  const char* option;
  const char* remedy;
};
class OptionOfOurs : public ::testing::TestWithParam<Refused> {};

TEST_P(OptionOfOurs, IsRefusedWithWhatToGiveInstead) {
  EXPECT_THAT([] { require_other_option(GetParam().option); },
              ThrowsMessage<Error>(AllOf(HasSubstr(GetParam().option), HasSubstr(GetParam().remedy))));
}

INSTANTIATE_TEST_SUITE_P(
    OfTheBatchScript, OptionOfOurs,
    ::testing::Values(Refused{"--signal=B:TERM@60", "--warn-before"}, Refused{"--sig=TERM", "--warn-before"},
                      Refused{"--requeue", "by itself"}, Refused{"--no-requeue", "by itself"},
                      Refused{"--output=my.log", "--work-dir"}, Refused{"--output my.log", "--work-dir"},
                      Refused{"-omy.log", "--work-dir"}, Refused{"--open-mode=truncate", "leave it out"}));
INSTANTIATE_TEST_SUITE_P(
    OfSubmit, OptionOfOurs,
    ::testing::Values(Refused{"--array=0-3", "give --array"}, Refused{"-N2", "give --nodes"},
                      Refused{"--ntasks=8", "--ntasks-per-node"}, Refused{"--time=60", "give --time"},
                      Refused{"-t 60", "give --time"}, Refused{"--mem=8G", "give --mem"}));

}  // namespace
}  // namespace longtake
