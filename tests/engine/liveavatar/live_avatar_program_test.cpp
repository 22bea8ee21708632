#include <gmock/gmock.h>
#include <poll.h>

#include <algorithm>
#include <functional>

#include "rank/engine_process.h"
#include "storage/media/segment_file.h"
#include "tests/engine/liveavatar/small_job.h"
#include "tests/temp_path.h"

namespace longtake {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

constexpr int kPatience_ms = 120'000;  // only for tests that fail

/// The engine's real program, and a folder with everything an order needs.
class LiveAvatarProgram : public testing::Test {
 protected:
  static void SetUpTestSuite() { write_small_job(folder()); }
  static void TearDownTestSuite() { fs::remove_all(folder()); }

  static fs::path folder() { return temp_path("engine"); }

  static SegmentOrder order(Interval clips, const std::string& name) {
    return small_order(folder(), clips, name);
  }

  /// The report that ends the order at hand; each before is shown to `on_report`.
  static EngineReport end_of(
      EngineProcess& engine, const std::function<void(const EngineReport&)>& on_report = [](const auto&) {}) {
    while (true) {
      pollfd news{engine.descriptor(), POLLIN, 0};
      ::poll(&news, 1, kPatience_ms);
      for (const EngineReport& report : engine.receive()) {
        if (std::holds_alternative<SegmentMade>(report)) return report;
        if (std::holds_alternative<SegmentGivenUp>(report)) return report;
        on_report(report);
      }
      if (const auto death = engine.death()) {
        ADD_FAILURE() << "the engine ended: " << *death;
        return FramesMade{};
      }
    }
  }

  /// When so many frames are made there is no time left.
  static EngineReport report_after_stop(EngineProcess& engine, const SegmentOrder& wanted,
                                        std::int64_t after_frames) {
    engine.send(MakeSegment{wanted});
    return end_of(engine, [&](const EngineReport& report) {
      const auto* made = std::get_if<FramesMade>(&report);
      if (made != nullptr && made->frames >= after_frames) engine.send(FinishSegment{wanted.attempt, 0});
    });
  }

  /// What comes back for an order, up to its end; the last is empty FramesMade when the engine dies.
  static std::vector<EngineReport> reports_of(EngineProcess& engine, const SegmentOrder& wanted,
                                              bool cancel = false) {
    engine.send(MakeSegment{wanted});
    if (cancel) engine.send(CancelSegment{wanted.attempt});
    std::vector<EngineReport> all;
    const EngineReport end = end_of(engine, [&](const EngineReport& report) { all.push_back(report); });
    all.push_back(end);
    return all;
  }

  static SegmentFacts made(EngineProcess& engine, const SegmentOrder& wanted) {
    const EngineReport end = reports_of(engine, wanted).back();
    const auto* segment = std::get_if<SegmentMade>(&end);
    EXPECT_NE(segment, nullptr) << encode(end);
    return segment == nullptr ? SegmentFacts{} : segment->facts;
  }

  static std::string refusal(const SegmentOrder& wanted) {
    EngineProcess engine(LONGTAKE_ENGINE_PROGRAM, {});
    const EngineReport end = reports_of(engine, wanted).back();
    const auto* given_up = std::get_if<SegmentGivenUp>(&end);
    EXPECT_NE(given_up, nullptr) << encode(end);
    if (given_up == nullptr) return "";
    EXPECT_EQ(given_up->kind, ErrorKind::InvalidInput) << given_up->message;
    EXPECT_FALSE(fs::exists(wanted.segment));
    return given_up->message;
  }
};

TEST_F(LiveAvatarProgram, MakesEveryFrameOfAChainOfSegments) {
  EngineProcess engine(LONGTAKE_ENGINE_PROGRAM, {});
  const SegmentOrder first = order({0, 2}, "whole-a");
  const SegmentOrder second = small_order_after(first, {2, 3}, "whole-b");
  EXPECT_EQ(made(engine, first).frames, 48);
  EXPECT_EQ(made(engine, second).frames, 17);
  EXPECT_EQ(count_decoded_frames(second.segment), 17);
  EXPECT_TRUE(fs::exists(second.carry_out));
}

TEST_F(LiveAvatarProgram, AnotherEngineGoesOnWithTheSameFrames) {
  SegmentFacts together;
  const SegmentOrder first = order({0, 2}, "resumed-a");
  {
    EngineProcess engine(LONGTAKE_ENGINE_PROGRAM, {});
    made(engine, first);
    together = made(engine, small_order_after(first, {2, 3}, "resumed-b"));
  }
  EngineProcess other(LONGTAKE_ENGINE_PROGRAM, {});
  EXPECT_EQ(made(other, small_order_after(first, {2, 3}, "resumed-c")), together);
}

TEST_F(LiveAvatarProgram, ComputesInThePrecisionOfTheOrder) {
  EngineProcess engine(LONGTAKE_ENGINE_PROGRAM, {});
  const auto made_in = [&](Precision precision) {
    SegmentOrder wanted = order({0, 1}, "in-" + std::string(name_of(precision)));
    wanted.settings.precision = precision;
    const EngineReport end = reports_of(engine, wanted).back();
    EXPECT_TRUE(std::holds_alternative<SegmentMade>(end)) << encode(end);
    return std::holds_alternative<SegmentMade>(end) ? std::get<SegmentMade>(end) : SegmentMade{};
  };
  const SegmentMade plain = made_in(Precision::Auto), fp8 = made_in(Precision::Fp8);
  EXPECT_EQ(fp8.work.precision, "fp8");
  EXPECT_NE(plain.work.precision, "fp8");
  EXPECT_NE(fp8.facts.packets_crc, plain.facts.packets_crc);
  EXPECT_EQ(made_in(Precision::Int8).work.precision, "int8");
}

TEST_F(LiveAvatarProgram, GoesOnWithTheSameFramesWithCachesInFp8) {
  SegmentFacts together;
  SegmentOrder first = order({0, 2}, "rounded-a");
  first.settings.kv_cache_dtype = KvCacheDtype::Fp8;
  {
    EngineProcess engine(LONGTAKE_ENGINE_PROGRAM, {});
    const SegmentFacts plain = made(engine, order({0, 2}, "plain-a"));
    EXPECT_NE(made(engine, first).packets_crc, plain.packets_crc);
    together = made(engine, small_order_after(first, {2, 3}, "rounded-b"));
  }
  EngineProcess other(LONGTAKE_ENGINE_PROGRAM, {});
  EXPECT_EQ(made(other, small_order_after(first, {2, 3}, "rounded-c")), together);
}

TEST_F(LiveAvatarProgram, IntroducesItselfAndReportsProgress) {
  EngineProcess engine(LONGTAKE_ENGINE_PROGRAM, {});
  const std::vector<EngineReport> reports = reports_of(engine, order({0, 1}, "progress"));
  ASSERT_TRUE(std::holds_alternative<EngineStarted>(reports.front()));
  EXPECT_EQ(std::get<EngineStarted>(reports.front()).engine, "liveavatar");
  std::vector<std::int64_t> progress;
  for (const EngineReport& report : reports) {
    if (const auto* frames = std::get_if<FramesMade>(&report)) progress.push_back(frames->frames);
  }
  EXPECT_TRUE(std::is_sorted(progress.begin(), progress.end()));
  EXPECT_GE(progress.size(), 2U) << "the first step is news too";
  EXPECT_EQ(progress.back(), kSmallJobClipFrames);
}

TEST_F(LiveAvatarProgram, GivesUpWhenTold) {
  EngineProcess engine(LONGTAKE_ENGINE_PROGRAM, {});
  const SegmentOrder wanted = order({0, 3}, "cancelled");
  const EngineReport end = reports_of(engine, wanted, /*cancel=*/true).back();
  ASSERT_TRUE(std::holds_alternative<SegmentGivenUp>(end)) << encode(end);
  EXPECT_TRUE(std::get<SegmentGivenUp>(end).cancelled);
  EXPECT_FALSE(fs::exists(wanted.segment));
  EXPECT_FALSE(fs::exists(wanted.carry_out));
}

TEST_F(LiveAvatarProgram, WhatItHasWhenTimeIsOverAnotherEngineGoesOnFrom) {
  SegmentOrder wanted = order({0, 2}, "stopped-whole");
  EngineProcess undisturbed(LONGTAKE_ENGINE_PROGRAM, {});
  const SegmentFacts whole = made(undisturbed, wanted);
  wanted = order({0, 2}, "stopped");
  wanted.unfinished = folder() / "stopped.unfinished.safetensors";
  int stops = 0;
  for (bool is_made = false; !is_made; ++stops) {
    ASSERT_LT(stops, 100);
    EngineProcess engine(LONGTAKE_ENGINE_PROGRAM, {});
    const EngineReport end = report_after_stop(engine, wanted, /*after_frames=*/12 * (stops + 1));
    is_made = std::holds_alternative<SegmentMade>(end);
    EXPECT_EQ(fs::exists(wanted.unfinished), !is_made);
    EXPECT_EQ(fs::exists(wanted.segment), is_made);
    if (is_made) {
      EXPECT_EQ(std::get<SegmentMade>(end).facts, whole);
    } else {
      ASSERT_TRUE(std::holds_alternative<SegmentGivenUp>(end)) << encode(end);
      EXPECT_TRUE(std::get<SegmentGivenUp>(end).cancelled);
    }
  }
  EXPECT_GT(stops, 1) << "it was never stopped";
}

TEST_F(LiveAvatarProgram, WithEnoughTimeItIsMadeWhole) {
  EngineProcess engine(LONGTAKE_ENGINE_PROGRAM, {});
  const SegmentOrder wanted = order({0, 1}, "in-time");
  engine.send(MakeSegment{wanted});
  engine.send(FinishSegment{wanted.attempt, 3'600'000});
  EXPECT_TRUE(std::holds_alternative<SegmentMade>(end_of(engine)));
}

TEST_F(LiveAvatarProgram, RefusesWhatDoesNotFitInALine) {
  SegmentOrder wanted = order({0, 1}, "refused");
  wanted.settings.infer_frames = 20;
  EXPECT_THAT(refusal(wanted), HasSubstr("infer_frames must be a multiple of 12"));
  wanted = order({0, 1}, "refused");
  wanted.settings.model = folder() / "no-model";
  EXPECT_THAT(refusal(wanted), HasSubstr("no-model"));
  wanted = order({1, 2}, "refused");
  wanted.carry_in = folder() / "reference.png";
  EXPECT_THAT(refusal(wanted), HasSubstr("reference.png"));
}

}  // namespace
}  // namespace longtake
