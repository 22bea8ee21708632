#include "scheduler/kept_work.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "storage/safetensors.h"
#include "storage/unfinished_file.h"
#include "tests/temp_path.h"

namespace longtake {
namespace {

class KeptWorkOnDisk : public testing::Test {
 protected:
  KeptWorkOnDisk() { std::filesystem::create_directories(work_dir_.segments("news")); }

  void leave(Interval clips, const std::string& passes_done) const {
    write_safetensors(work_dir_.unfinished("news", clips), {}, {{kPassesDone, passes_done}});
  }
  KeptWork found() const { return find_kept_work(work_dir_, {"news", "of-which-there-is-nothing"}); }

  WorkDir work_dir_{temp_path(testing::UnitTest::GetInstance()->current_test_info()->name())};
};

TEST_F(KeptWorkOnDisk, HasGrownWhenASegmentIsFurther) {
  leave({0, 8}, "5");
  leave({8, 16}, "9");
  const KeptWork before = found();
  leave({0, 8}, "6");
  EXPECT_TRUE(has_grown(before, found()));
}

TEST_F(KeptWorkOnDisk, HasGrownByANewSegment) {
  const KeptWork before = found();
  leave({0, 8}, "5");
  EXPECT_TRUE(has_grown(before, found()));
}

TEST_F(KeptWorkOnDisk, HasNotGrownWhenItIsWrittenAgainAsItWas) {
  leave({0, 8}, "5");
  leave({8, 16}, "5");
  const KeptWork before = found();
  leave({0, 8}, "5");
  std::filesystem::remove(work_dir_.unfinished("news", {8, 16}));
  EXPECT_FALSE(has_grown(before, found()));
}

TEST_F(KeptWorkOnDisk, IsNotAFileThatDoesNotSayHowFarItIs) {
  std::ofstream(work_dir_.unfinished("news", {0, 8})) << "torn";
  leave({8, 16}, "many");
  EXPECT_FALSE(has_grown({}, found()));
}

}  // namespace
}  // namespace longtake
