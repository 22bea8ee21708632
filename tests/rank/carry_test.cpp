#include "rank/slate/carry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "jobs/error.h"
#include "storage/safetensors.h"
#include "tests/temp_path.h"

namespace longtake {
namespace {

using testing::AllOf;
using testing::HasSubstr;

std::filesystem::path file(const std::string& name) { return temp_path("carry-" + name); }

template <class Action>
std::string refusal_of(Action action) {
  try {
    action();
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::InvalidInput);
    return e.what();
  }
  return "";
}

TEST(Carry, ComesBackAsItWasWritten) {
  write_carry(file("whole"), {"abc123", 4'000'000'000});
  const SlateCarry carry = read_carry(file("whole"));
  EXPECT_EQ(carry.identity, "abc123");
  EXPECT_EQ(carry.next_frame, 4'000'000'000);
}

TEST(Carry, FitsTheSegmentThatFollowsOnly) {
  const SlateCarry found = {"abc", 96};
  EXPECT_NO_THROW(check_carry("c", found, {"abc", 96}));
  EXPECT_THAT(refusal_of([&] {
                check_carry("c", found, {"abc", 48});
              }),
              AllOf(HasSubstr("frame 96"), HasSubstr("frame 48")));
  EXPECT_THAT(refusal_of([&] {
                check_carry("c", found, {"xyz", 96});
              }),
              AllOf(HasSubstr("abc"), HasSubstr("xyz")));
}

TEST(Carry, RefusesOtherFiles) {
  std::ofstream(file("text")) << "not a carry, but long enough";
  EXPECT_THAT(refusal_of([] { read_carry(file("text")); }), HasSubstr("carry-text"));
  write_safetensors(file("other"), {}, {{"format", "pt"}});
  EXPECT_THAT(refusal_of([] { read_carry(file("other")); }), HasSubstr("format is 'pt'"));
  const std::string four_bytes(4, '\0');
  write_safetensors(file("narrow"), {{"next_frame", {TensorType::I32, {1}, four_bytes}}},
                    {{"format", "longtake-slate-carry-1"}, {"identity", "abc"}});
  EXPECT_THAT(refusal_of([] { read_carry(file("narrow")); }), HasSubstr("not one 64-bit number"));
}

}  // namespace
}  // namespace longtake
