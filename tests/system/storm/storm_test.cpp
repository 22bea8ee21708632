// Everything goes wrong, seeded, again and again. LONGTAKE_STORM_FAULTS and LONGTAKE_STORM_SEED make it a
// longer night or another one.
#include <gmock/gmock.h>

#include <cstdlib>
#include <iostream>

#include "tests/system/storm/night.h"
#include "tests/system/support/audit.h"
#include "tests/system/support/film.h"

namespace longtake {
namespace {

using ::testing::ElementsAreArray;
using ::testing::Ge;
using ::testing::IsEmpty;

unsigned number_from(const char* variable, unsigned otherwise) {
  const char* value = std::getenv(variable);
  return value != nullptr ? static_cast<unsigned>(std::stoul(value)) : otherwise;
}

TEST(Storm, LosesNothingMakesNothingTwiceAndLeavesNothing) {
  const unsigned wanted = number_from("LONGTAKE_STORM_FAULTS", 60);
  Night night(number_from("LONGTAKE_STORM_SEED", 5), wanted);
  night.pass();
  std::cout << night.summary() << std::endl;
  EXPECT_THAT(night.faults(), Ge(wanted));
  const auto left = night.processes_left();
  EXPECT_THAT(left, IsEmpty()) << describe(left);
  for (const std::string& job : night.jobs()) {
    EXPECT_THAT(strip_numbers(night.project().film(job)),
                ElementsAreArray(whole_film(night.frames_of_each())))
        << job;
  }
  EXPECT_THAT(audit(night.project(), night.jobs()), IsEmpty());
}

}  // namespace
}  // namespace longtake
