// Groups of real engines give the film of one engine, and clear away after themselves.
#include <gmock/gmock.h>

#include <fstream>
#include <iterator>

#include "tests/engine/liveavatar/engine_group.h"
#include "tests/engine/liveavatar/small_job.h"
#include "tests/temp_path.h"

namespace longtake {
namespace {

namespace fs = std::filesystem;

constexpr int kSteps = 4;
constexpr std::size_t kMostEngines = 9;

class GroupProgram : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    write_small_job(folder());
    engines_ = std::make_unique<EngineGroup>(LONGTAKE_ENGINE_PROGRAM, kMostEngines);
  }
  static void TearDownTestSuite() {
    engines_.reset();
    fs::remove_all(folder());
  }

  static fs::path folder() { return temp_path("group"); }
  static fs::path meeting() { return temp_path("meet"); }

  static std::int64_t layers() {
    std::ifstream file(folder() / "model/config.json");
    return nlohmann::json::parse(file).at("num_layers").get<std::int64_t>();
  }

  static Layout single() { return {}; }
  static Layout layers_by(int ways) { return layers_layout(layers(), kSteps, ways); }
  static Layout steps_by(int ways) { return steps_layout(layers(), kSteps, ways); }

  static SegmentOrder order(Interval clips, const std::string& name, double guide_scale = 0) {
    SegmentOrder wanted = small_order(folder(), clips, name);
    wanted.settings.sample_steps = kSteps;
    wanted.settings.sample_guide_scale = guide_scale;
    if (guide_scale != 0) wanted.identity = "guided";
    return wanted;
  }

  /// Far behind the recording's end, where it is silent.
  static SegmentOrder long_order(std::int64_t clips, const std::string& name) {
    SegmentOrder wanted = order({0, 1}, name);
    wanted.range = wanted.clips = {0, clips};
    wanted.film_frames = clips * kSmallJobClipFrames;
    wanted.frames = {0, wanted.film_frames};
    return wanted;
  }

  /// Ten seconds of work: it does not end before it is told to.
  static SegmentOrder endless_order(const std::string& name) { return long_order(128, name); }

  static SegmentMade made(const SegmentOrder& wanted, const Layout& layout) {
    // Without stages an engine is alone.
    engines_->order(wanted, layout.stages.empty() ? layers_by(1) : layout, meeting());
    const SegmentMade segment = engines_->made();
    EXPECT_FALSE(fs::exists(meeting()));
    return segment;
  }

  static std::string bytes_of(const fs::path& file) {
    std::ifstream stream(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
  }

  /// Pixels by the segment's checksums, latents of the last clips by the carry's bytes.
  static void expect_same(const SegmentOrder& one, const SegmentMade& one_made, const SegmentOrder& other,
                          const SegmentMade& other_made) {
    EXPECT_EQ(one_made.facts, other_made.facts);
    const std::string carry = bytes_of(one.carry_out);
    EXPECT_FALSE(carry.empty());
    EXPECT_TRUE(carry == bytes_of(other.carry_out)) << "the carries differ";
  }

  static void expect_given_up(const std::vector<EngineReport>& answers) {
    for (const EngineReport& answer : answers) {
      const auto* given_up = std::get_if<SegmentGivenUp>(&answer);
      ASSERT_NE(given_up, nullptr) << encode(answer);
      EXPECT_TRUE(given_up->cancelled) << given_up->message;
    }
  }

  static std::unique_ptr<EngineGroup> engines_;
};

std::unique_ptr<EngineGroup> GroupProgram::engines_;

TEST_F(GroupProgram, EveryLayoutMakesTheFilmOfOneEngine) {
  const SegmentOrder first = order({0, 2}, "single-a");
  SegmentOrder second = small_order_after(first, {2, 3}, "single-b");
  const SegmentMade first_made = made(first, single());
  const SegmentMade second_made = made(second, single());
  // Uneven where the layers do not divide; each goes on from the carry of the one before.
  std::string carry = first.carry_out;
  for (const Layout& layout : {layers_by(2), layers_by(3), steps_by(1), steps_by(2)}) {
    SCOPED_TRACE(description_of(layout));
    const SegmentOrder group_first = order({0, 2}, "group-a");
    SegmentOrder group_second = small_order_after(first, {2, 3}, "group-b");
    group_second.carry_in = carry;
    expect_same(first, first_made, group_first, made(group_first, layout));
    expect_same(second, second_made, group_second, made(group_second, layout));
    fs::copy_file(group_first.carry_out, folder() / "handed-on", fs::copy_options::overwrite_existing);
    carry = folder() / "handed-on";
  }
}

TEST_F(GroupProgram, GuidanceIsTheSameInAGroup) {
  const SegmentOrder alone = order({0, 1}, "guided", 4.5);
  const SegmentMade alone_made = made(alone, single());
  for (const Layout& layout : {layers_by(2), steps_by(2)}) {
    SCOPED_TRACE(description_of(layout));
    const SegmentOrder together = order({0, 1}, "guided-group", 4.5);
    expect_same(alone, alone_made, together, made(together, layout));
  }
}

TEST_F(GroupProgram, WhereARangeIsCutMakesNoDifference) {
  const SegmentOrder whole = order({0, 3}, "whole");
  made(whole, layers_by(2));
  const SegmentOrder first = order({0, 1}, "cut-a");
  const SegmentOrder second = small_order_after(first, {1, 3}, "cut-b");
  made(first, steps_by(1));
  made(second, layers_by(3));
  EXPECT_TRUE(bytes_of(whole.carry_out) == bytes_of(second.carry_out));
}

TEST_F(GroupProgram, EveryEngineSaysWhereItsTimeWent) {
  engines_->order(order({0, 1}, "work"), layers_by(2), meeting());
  const std::vector<EngineReport> answers = engines_->answers();
  const EngineWork front = std::get<StageDone>(answers.at(0)).work;
  const EngineWork back = std::get<SegmentMade>(answers.at(1)).work;
  EXPECT_EQ(front.device, "cpu");
  EXPECT_EQ(front.precision, "fp32");
  EXPECT_GT(front.used_bytes, 0);
  for (const char* phase : {"load", "sink", "anchor", "step 1", "step 4", "wait"}) {
    EXPECT_EQ(front.seconds.count(phase), 1U) << phase;
    EXPECT_EQ(back.seconds.count(phase), 1U) << phase;
  }
  EXPECT_EQ(front.seconds.count("speech"), 1U);
  EXPECT_EQ(back.seconds.count("speech"), 0U);
  EXPECT_EQ(front.seconds.count("decode"), 0U);
  EXPECT_EQ(back.seconds.count("decode"), 1U);
}

TEST_F(GroupProgram, ALaterSegmentOfAJobEncodesOnlyItsSpeech) {
  SegmentOrder first = order({0, 1}, "encoded-a");
  first.identity = "new to these engines";
  engines_->order(first, layers_by(2), meeting());
  const auto first_times = std::get<StageDone>(engines_->answers().at(0)).work.seconds;
  EXPECT_EQ(first_times.count("text") + first_times.count("reference") + first_times.count("speech"), 3U);
  engines_->order(small_order_after(first, {1, 2}, "encoded-b"), layers_by(2), meeting());
  const auto later_times = std::get<StageDone>(engines_->answers().at(0)).work.seconds;
  EXPECT_EQ(later_times.count("text") + later_times.count("reference"), 0U);
  EXPECT_EQ(later_times.count("speech"), 1U);
  EXPECT_EQ(later_times.count("anchor"), 0U) << "it is in the carry";
}

TEST_F(GroupProgram, ACancelInTheMiddleLeavesNothingAndTheEnginesGoOn) {
  for (const Layout& layout : {layers_by(2), steps_by(1)}) {
    SCOPED_TRACE(description_of(layout));
    const SegmentOrder wanted = endless_order("cancelled");
    engines_->order(wanted, layout, meeting());
    engines_->wait_for_progress(12);
    engines_->cancel();
    expect_given_up(engines_->answers());
    EXPECT_FALSE(fs::exists(meeting()));
    EXPECT_FALSE(fs::exists(wanted.segment));
    EXPECT_FALSE(fs::exists(wanted.carry_out));
    made(order({0, 1}, "after-cancel"), layout);
  }
}

TEST_F(GroupProgram, WhatTheWriterHasWhenTimeIsOverAnotherLayoutGoesOnFrom) {
  const SegmentOrder whole = long_order(20, "stopped-whole");
  const SegmentMade whole_made = made(whole, single());
  SegmentOrder wanted = long_order(20, "stopped");
  wanted.unfinished = folder() / "stopped.unfinished.safetensors";
  std::int64_t frames = 0;
  for (const Layout& layout : {layers_by(2), layers_by(1), layers_by(3)}) {
    SCOPED_TRACE(description_of(layout));
    engines_->order(wanted, layout, meeting());
    frames += 60;
    engines_->wait_for_progress(frames);
    engines_->finish();
    expect_given_up(engines_->answers());
    EXPECT_TRUE(fs::exists(wanted.unfinished));
    EXPECT_FALSE(fs::exists(wanted.segment));
    EXPECT_FALSE(fs::exists(meeting()));
  }
  expect_same(whole, whole_made, wanted, made(wanted, layers_by(2)));
  EXPECT_FALSE(fs::exists(wanted.unfinished));
}

TEST_F(GroupProgram, AfterADeathInTheMiddleACancelClearsUpAndTheOthersGoOn) {
  const Layout layout = layers_by(2);
  for (const int victim : {0, 1}) {
    const SegmentOrder wanted = endless_order("bereaved");
    engines_->order(wanted, layout, meeting());
    engines_->wait_for_progress(12);
    engines_->kill(victim);
    engines_->cancel();
    std::vector<EngineReport> answers = engines_->answers();
    answers.erase(answers.begin() + victim);
    expect_given_up(answers);
    EXPECT_FALSE(fs::exists(meeting()));
    EXPECT_FALSE(fs::exists(wanted.carry_out));
    engines_->replace(victim);
    made(order({0, 1}, "after-death"), layout);
  }
}

TEST_F(GroupProgram, WaitingForAnEngineThatNeverComesCanBeCancelled) {
  EngineGroup alone(LONGTAKE_ENGINE_PROGRAM, 1);
  alone.order(order({0, 1}, "lonely"), layers_by(2), meeting());
  alone.cancel();
  const EngineReport answer = alone.answers().front();
  ASSERT_TRUE(std::holds_alternative<SegmentGivenUp>(answer)) << encode(answer);
  EXPECT_FALSE(fs::exists(meeting()));
}

}  // namespace
}  // namespace longtake
