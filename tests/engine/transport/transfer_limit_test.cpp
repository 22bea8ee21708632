#include "rank/engine/transport/transfer_limit.h"

#include <gmock/gmock.h>

#include "jobs/error.h"

namespace longtake {
namespace {

using namespace std::chrono_literals;

const TransferLimit::Clock::time_point kBegin{100s};

/// Looks every second until `last`; the second at which it was over, -1 for never.
int over_at(TransferLimit& limit, TransferLimit::Clock::time_point begin, int last) {
  for (int second = 1; second <= last; ++second) {
    if (limit.is_over_at(begin + std::chrono::seconds(second))) return second;
  }
  return -1;
}

TEST(TransferLimit, IsOverWhenItWasLookedAtForSoLong) {
  TransferLimit limit(60s);
  limit.begin(kBegin);
  EXPECT_EQ(over_at(limit, kBegin, 100), 60);
}

TEST(TransferLimit, EveryTransferHasItsOwn) {
  TransferLimit limit(60s);
  limit.begin(kBegin);
  EXPECT_EQ(over_at(limit, kBegin, 59), -1);
  limit.begin(kBegin + 59s);
  EXPECT_EQ(over_at(limit, kBegin + 59s, 59), -1);
}

TEST(TransferLimit, IsNotOverAtTheFirstLookOfOneWhoWasAway) {
  TransferLimit limit(60s);
  limit.begin(kBegin);
  EXPECT_FALSE(limit.is_over_at(kBegin + 300s));
  EXPECT_EQ(over_at(limit, kBegin + 300s, 100), 54) << "one look counted as a tenth";
}

TEST(TransferLimit, SaysWhatDidNotCome) {
  try {
    TransferLimit(300ms).give_up("hidden", {4, 2}, "to engine 1 of the group");
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::DeviceLost);
    EXPECT_STREQ(e.what(), "NCCL has not brought 'hidden' [4, 2] to engine 1 of the group within 300 ms");
  }
}

}  // namespace
}  // namespace longtake
