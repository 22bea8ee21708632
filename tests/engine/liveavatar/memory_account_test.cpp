#include "rank/engine/liveavatar/memory_account.h"

#include <gmock/gmock.h>

#include <stdexcept>

#include "rank/engine/work_times.h"

namespace longtake {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

/// A device whose tensors are counted by the test.
class CountedDevice {
 public:
  MemoryMeter meter() {
    return [this] {
      const MemoryReading reading = {kept_, peak_, reserved_};
      peak_ = kept_;
      return reading;
    };
  }
  void allocate(std::int64_t bytes) {
    kept_ += bytes;
    peak_ = std::max(peak_, kept_);
    reserved_ = std::max(reserved_, peak_);
  }
  void free(std::int64_t bytes) { kept_ -= bytes; }
  void use_for_a_moment(std::int64_t bytes) {
    allocate(bytes);
    free(bytes);
  }

 private:
  std::int64_t kept_ = 0, peak_ = 0, reserved_ = 0;
};

class MemoryAccountTest : public testing::Test {
 protected:
  MemoryAccountTest() : account(device.meter()) {
    account.begin_segment();
    times.tell([this](const std::string& moment) { account.on_over(moment); });
  }
  void load(const std::string& component, std::int64_t bytes) {
    const WorkTimes::Doing doing(times, "load");
    const MemoryAccount::Making making(account, component);
    device.allocate(bytes);
  }
  void compute(const std::string& moment, std::int64_t bytes) {
    const WorkTimes::Doing doing(times, moment);
    device.use_for_a_moment(bytes);
  }

  CountedDevice device;
  MemoryAccount account;
  WorkTimes times;
};

TEST_F(MemoryAccountTest, KnowsTheMomentAndTheComponentOfThePeak) {
  load("transformer weights", 1000);
  load("caches", 300);
  compute("step 1", 50);
  compute("step 2", 90);
  compute("decode", 70);
  EXPECT_EQ(account.peak_bytes(), 1390);
  EXPECT_EQ(account.peak().moment, "step 2");
  EXPECT_EQ(account.peak().component, "activations");
  EXPECT_THAT(account.peak().held_bytes, ElementsAre(Pair("caches", 300), Pair("transformer weights", 1000)));
}

TEST_F(MemoryAccountTest, APeakWhileSomethingIsMadeIsThatComponents) {
  load("transformer weights", 1000);
  {
    const WorkTimes::Doing doing(times, "load");
    const MemoryAccount::Making making(account, "caches");
    device.allocate(300);
    device.use_for_a_moment(500);
  }
  EXPECT_EQ(account.peak().moment, "load");
  EXPECT_EQ(account.peak().component, "caches");
  EXPECT_THAT(account.peak().held_bytes, ElementsAre(Pair("transformer weights", 1000)));
}

TEST_F(MemoryAccountTest, WhatWasDroppedIsNotHeld) {
  load("transformer weights", 1000);
  device.free(1000);
  account.on_dropped("transformer weights");
  compute("text", 4000);
  EXPECT_EQ(account.peak().component, "text encoder");
  EXPECT_THAT(account.peak().held_bytes, IsEmpty());
}

TEST_F(MemoryAccountTest, ANewSegmentHasAPeakOfItsOwnAndKeepsWhatIsHeld) {
  load("transformer weights", 1000);
  compute("step 1", 500);
  account.begin_segment();
  compute("decode", 20);
  EXPECT_EQ(account.peak_bytes(), 1020);
  EXPECT_EQ(account.peak().moment, "decode");
  EXPECT_THAT(account.peak().held_bytes, ElementsAre(Pair("transformer weights", 1000)));
}

TEST_F(MemoryAccountTest, SaysWhereAnExceptionCameFrom) {
  EXPECT_EQ(account.failure_text(), "");
  try {
    const WorkTimes::Doing outer(times, "anchor");
    const WorkTimes::Doing inner(times, "step 3");
    throw std::runtime_error("out of memory");
  } catch (const std::runtime_error&) {
  }
  EXPECT_EQ(account.failure_text(), "in step 3 (activations)");
}

TEST_F(MemoryAccountTest, SaysWhatWasBeingMadeWhenItFailed) {
  try {
    const WorkTimes::Doing doing(times, "load");
    const MemoryAccount::Making making(account, "transformer weights");
    device.allocate(700);
    throw std::runtime_error("out of memory");
  } catch (const std::runtime_error&) {
  }
  EXPECT_EQ(account.failure_text(), "in load (transformer weights)");
  EXPECT_EQ(account.held_text(), "") << "it was not made";
  account.begin_segment();
  EXPECT_EQ(account.failure_text(), "");
}

TEST_F(MemoryAccountTest, TellsWhatIsHeldToPeople) {
  load("transformer weights", 16'060'000'000);
  load("caches", 12'340'000);
  EXPECT_EQ(account.held_text(), "caches 12.3 MB, transformer weights 16.06 GB");
}

TEST(MemoryMeter, OfACpuTellsAPeakOnlyWhenItGrows) {
  const MemoryMeter meter = memory_meter(c10::Device(c10::DeviceType::CPU));
  EXPECT_GT(meter().peak, 0);
  EXPECT_EQ(meter().kept, 0);
}

}  // namespace
}  // namespace longtake
