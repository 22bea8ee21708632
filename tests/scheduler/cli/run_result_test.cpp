#include "scheduler/cli/run_result.h"

#include <gmock/gmock.h>

namespace longtake {
namespace {

TEST(JsonText, TakesPathsThatAreNotUtf8) {
  EXPECT_EQ(json_text_of({{"model", "models/\xff"}}, -1), "{\"model\":\"models/\uFFFD\"}");
}

}  // namespace
}  // namespace longtake
