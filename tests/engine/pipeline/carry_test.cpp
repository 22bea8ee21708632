#include "rank/engine/pipeline/carry.h"

#include <gmock/gmock.h>

#include <fstream>

#include "jobs/error.h"
#include "storage/safetensors.h"
#include "tests/temp_path.h"

namespace longtake {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class CarryFiles : public ::testing::Test {
 protected:
  CarryFiles() : path_(temp_path("c000000-000004.carry.safetensors")) {}
  ~CarryFiles() override { std::filesystem::remove(path_); }

  std::string refusal(const CarryNeeds& needs) const {
    try {
      read_carry(path_, needs);
    } catch (const Error& e) {
      EXPECT_EQ(e.kind(), ErrorKind::InvalidInput);
      return e.what();
    }
    return "";
  }

  std::filesystem::path path_;
};

Carry some_carry() {
  Carry carry;
  carry.renewal_clips = 3;
  carry.clips = {2, 4};
  carry.anchor_CFYX = at::randn({4, 1, 8, 10});
  carry.left_step_CFYX = {at::randn({4, 12, 8, 10}), at::randn({4, 12, 8, 10})};
  return carry;
}

CarryNeeds its_needs() { return {"1f2e", 4, 2, {2, 4, 8, 10}}; }

TEST_F(CarryFiles, ComeBackAsTheyWere) {
  const Carry carry = some_carry();
  write_carry(path_, carry, "1f2e");
  const Carry read = read_carry(path_, its_needs());
  EXPECT_EQ(read.renewal_clips, 3);
  EXPECT_EQ(read.clips, carry.clips);
  EXPECT_TRUE(at::equal(read.anchor_CFYX, carry.anchor_CFYX));
  ASSERT_EQ(read.left_step_CFYX.size(), 2U);
  for (std::size_t i = 0; i < 2; ++i) EXPECT_TRUE(at::equal(read.left_step_CFYX[i], carry.left_step_CFYX[i]));
}

TEST_F(CarryFiles, AreRefusedForAnotherJobOrPlace) {
  write_carry(path_, some_carry(), "1f2e");
  CarryNeeds needs = its_needs();
  needs.identity = "aa";
  EXPECT_THAT(refusal(needs), AllOf(HasSubstr(path_.string()), HasSubstr("1f2e"), HasSubstr("aa")));
  needs = its_needs();
  needs.next_clip = 5;
  EXPECT_THAT(refusal(needs), HasSubstr("next_clip is '4', expected '5'"));
  needs = its_needs();
  needs.steps = 4;
  EXPECT_THAT(refusal(needs), HasSubstr("steps"));
  needs = its_needs();
  needs.clip.width = 12;
  EXPECT_THAT(refusal(needs), HasSubstr("anchor"));
}

TEST_F(CarryFiles, AreRefusedWhenTornOrOfAnotherKind) {
  write_carry(path_, some_carry(), "1f2e");
  std::filesystem::resize_file(path_, std::filesystem::file_size(path_) - 100);
  EXPECT_THAT(refusal(its_needs()), HasSubstr(path_.string()));
  write_safetensors(path_, {}, {{"format", "longtake-slate-carry-1"}});
  EXPECT_THAT(refusal(its_needs()), HasSubstr("longtake-slate-carry-1"));
}

}  // namespace
}  // namespace longtake
