#include "rank/engine/liveavatar/order_watch.h"

#include <gtest/gtest.h>

#include <thread>

#include "jobs/error.h"

namespace longtake {
namespace {

TEST(OrderWatch, TellsWorkInFramesThatNeverBecomeFewer) {
  std::vector<std::int64_t> told;
  const AfterFrame after_frame = [&](std::int64_t frames) {
    told.push_back(frames);
    return true;
  };
  OrderWatch watch;
  {
    const OrderWatch::Order order(watch, after_frame, 60);
    watch.advance(0, 8);
    watch.advance(4, 8);
    watch.goes_on();
    watch.advance(2, 8);
    watch.advance(0, 0);  // a stage that has nothing to do
    watch.advance(8, 8);
  }
  EXPECT_EQ(told, (std::vector<std::int64_t>{0, 30, 30, 30, 30, 60}));
  EXPECT_TRUE(watch.goes_on()) << "nobody to ask";
  const OrderWatch::Order next(watch, after_frame, 60);
  watch.goes_on();
  EXPECT_EQ(told.back(), 0) << "another order begins at nothing";
}

TEST(OrderWatch, WithoutTimeItAdvancesNoMoreButIsNotGivenUp) {
  std::optional<std::chrono::milliseconds> left;
  const AfterFrame after_frame = [&](std::int64_t) { return GoOn(true, left); };
  OrderWatch watch;
  {
    const OrderWatch::Order order(watch, after_frame, 60);
    EXPECT_TRUE(watch.advance(0, 8));
    left = std::chrono::hours(1);
    EXPECT_TRUE(watch.advance(1, 8));
    EXPECT_FALSE(watch.is_out_of_time());
    left = std::chrono::milliseconds(0);
    EXPECT_FALSE(watch.advance(2, 8));
    EXPECT_TRUE(watch.is_out_of_time());
    EXPECT_TRUE(watch.goes_on());
  }
  left.reset();
  const OrderWatch::Order next(watch, after_frame, 60);
  EXPECT_FALSE(watch.is_out_of_time());
  EXPECT_TRUE(watch.advance(0, 8));
}

TEST(OrderWatch, WhatIsGivenUpIsNotOutOfTime) {
  const AfterFrame after_frame = [&](std::int64_t) { return GoOn(false, std::chrono::milliseconds(0)); };
  OrderWatch watch;
  const OrderWatch::Order order(watch, after_frame, 60);
  EXPECT_FALSE(watch.advance(0, 8));
  EXPECT_FALSE(watch.is_out_of_time());
}

TEST(OrderWatch, AsksNowAndThenAndThrowsWhenGivenUp) {
  int asked = 0;
  const AfterFrame after_frame = [&](std::int64_t) { return ++asked < 2; };
  OrderWatch watch;
  const OrderWatch::Order order(watch, after_frame, 60);
  int calls = 0;
  try {
    for (; calls < 100'000; ++calls) {
      watch.ask_while("loading the model");
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::DeviceLost);
    EXPECT_STREQ(e.what(), "given up while loading the model");
  }
  EXPECT_EQ(asked, 2);
  EXPECT_GT(calls, asked);
}

}  // namespace
}  // namespace longtake
