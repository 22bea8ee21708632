#include "scheduler/programs/on_path.h"

#include <gtest/gtest.h>

namespace longtake {
namespace {

TEST(OnPath, AreTheProgramsThatAShellFinds) {
  EXPECT_TRUE(is_on_path("sh"));
  EXPECT_FALSE(is_on_path("longtake-has-no-such-program"));
}

}  // namespace
}  // namespace longtake
