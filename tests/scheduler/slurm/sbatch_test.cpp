// Programs of ours stand for sbatch: what it answers, and how it fails.
#include "scheduler/slurm/sbatch.h"

#include <gmock/gmock.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include "jobs/error.h"
#include "tests/temp_path.h"

namespace longtake {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

class Sbatch : public ::testing::Test {
 protected:
  Sbatch() { fs::create_directories(folder_); }
  ~Sbatch() override {
    ::setenv("PATH", path_.c_str(), 1);
    fs::remove_all(folder_);
  }

  void stand_in(const std::string& lines) {
    const fs::path program = folder_ / "sbatch";
    std::ofstream(program) << "#!/bin/sh\n" << lines;
    fs::permissions(program, fs::perms::owner_all);
    ::setenv("PATH", (folder_.string() + ":" + path_).c_str(), 1);
  }

  fs::path folder_ = temp_path("sbatch");
  std::string path_ = ::getenv("PATH");
};

TEST_F(Sbatch, GivesTheNumberWithoutTheCluster) {
  stand_in("echo 'sbatch: welcome to node 7'; echo '4711;east'");
  EXPECT_EQ(submit_to_sbatch("#!/bin/bash\n"), "4711");
}

TEST_F(Sbatch, ReadsTheWholeScript) {
  stand_in("cat >$(dirname $0)/got; echo 1");
  const std::string script = "#!/bin/bash\n" + std::string(1 << 20, '#') + "\n";
  submit_to_sbatch(script);
  EXPECT_EQ(fs::file_size(folder_ / "got"), script.size());
}

TEST_F(Sbatch, TellsWhatSlurmWouldDo) {
  stand_in("[ $1 = --test-only ] && echo 'sbatch: Job 1 to start at noon' >&2");
  const SlurmOpinion opinion = ask_sbatch("#!/bin/bash\n");
  EXPECT_TRUE(opinion.has_answered);
  EXPECT_EQ(opinion.words, "sbatch: Job 1 to start at noon");
}

TEST_F(Sbatch, ASilentControllerIsNoRefusal) {
  for (const char* said : {"allocation failure: Unable to contact slurm controller (connect failure)",
                           "sbatch: fatal: Could not establish a configuration source",
                           "sbatch: error: Batch job submission failed: Socket timed out on send/recv"}) {
    stand_in("echo '" + std::string(said) + "' >&2; exit 1");
    const SlurmOpinion opinion = ask_sbatch("#!/bin/bash\n");
    EXPECT_FALSE(opinion.has_answered);
    EXPECT_EQ(opinion.words, said);
    EXPECT_THAT([] { submit_to_sbatch("#!/bin/bash\n"); },
                ThrowsMessage<Error>(AllOf(HasSubstr("nothing was submitted"), HasSubstr(said))));
  }
}

TEST_F(Sbatch, AJobThatIsOnlyShownMayBeRefused) {
  stand_in("echo 'allocation failure: Requested node configuration is not available' >&2; exit 1");
  EXPECT_THAT([] { ask_sbatch("#!/bin/bash\n"); },
              ThrowsMessage<Error>(AllOf(HasSubstr("does not take the job"), HasSubstr("not available"))));
}

TEST_F(Sbatch, ARefusalIsTheUsersToMend) {
  stand_in("echo 'sbatch: error: invalid partition specified: dusk' >&2; exit 1");
  try {
    submit_to_sbatch("#!/bin/bash\n");
    FAIL() << "was taken";
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::InvalidInput);
    EXPECT_THAT(e.what(), HasSubstr("invalid partition specified: dusk"));
  }
}

TEST_F(Sbatch, AnAnswerWithoutANumberIsARefusal) {
  stand_in("echo hello");
  EXPECT_THROW(submit_to_sbatch("#!/bin/bash\n"), Error);
}

TEST_F(Sbatch, WithoutItTheUserMustGoWhereSlurmIs) {
  ::setenv("PATH", folder_.c_str(), 1);
  try {
    ask_sbatch("#!/bin/bash\n");
    FAIL() << "was started";
  } catch (const Error& e) {
    EXPECT_THAT(e.what(), HasSubstr("where Slurm is installed"));
  }
}

}  // namespace
}  // namespace longtake
