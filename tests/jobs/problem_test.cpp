#include "jobs/problem.h"

#include <gtest/gtest.h>

namespace longtake {
namespace {

TEST(Problem, NamesFileLineKeyAndRemedy) {
  EXPECT_EQ(to_string({"a.yaml", 12, "size", "must be an area", "write 704*384"}),
            "a.yaml:12: size: must be an area; write 704*384");
}

TEST(Problem, LeavesOutWhatIsNotKnown) {
  EXPECT_EQ(to_string({"a.yaml", 0, "", "is empty", ""}), "a.yaml: is empty");
  EXPECT_EQ(to_string({"", 0, "--model", "there is no folder x", ""}), "--model: there is no folder x");
}

}  // namespace
}  // namespace longtake
