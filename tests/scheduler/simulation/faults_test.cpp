#include "scheduler/simulation/faults.h"

#include <gmock/gmock.h>

#include <map>

namespace longtake {
namespace {

constexpr std::int64_t kHour_ms = 3'600'000;

TEST(Faults, ThereAreNoneWithoutARate) { EXPECT_FALSE(random_faults({}, 8, 1, 1)().has_value()); }

TEST(Faults, ComeAsOftenAsTheRatesSay) {
  // Every hour one of a GPU, one of a node and half a pre-emption.
  const FaultSource next = random_faults({100, 10, 2}, 100, 10, 1);
  std::map<FaultKind, int> counts;
  std::int64_t last_ms = 0;
  for (;;) {
    const Fault fault = next().value();
    if (fault.at_ms > 2000 * kHour_ms) break;
    EXPECT_GE(fault.at_ms, last_ms);
    last_ms = fault.at_ms;
    ++counts[fault.kind];
    EXPECT_LT(fault.which, fault.kind == FaultKind::Gpu ? 100U : 10U);
  }
  EXPECT_NEAR(counts[FaultKind::Gpu], 2000, 200);
  EXPECT_NEAR(counts[FaultKind::Node], 2000, 200);
  EXPECT_NEAR(counts[FaultKind::Preemption], 1000, 150);
}

TEST(Faults, AreTheSameForTheSameSeed) {
  const FaultSource one = random_faults({10, 0, 0}, 8, 1, 3);
  const FaultSource same = random_faults({10, 0, 0}, 8, 1, 3);
  const FaultSource other = random_faults({10, 0, 0}, 8, 1, 4);
  const Fault first = one().value();
  EXPECT_EQ(first.at_ms, same().value().at_ms);
  EXPECT_NE(first.at_ms, other().value().at_ms);
}

}  // namespace
}  // namespace longtake
