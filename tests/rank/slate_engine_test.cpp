#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>

#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <thread>

#include "rank/engine_process.h"
#include "rank/slate/carry.h"
#include "storage/durable_file.h"
#include "storage/media/image.h"
#include "storage/work_dir.h"
#include "tests/rank/strip_reading.h"
#include "tests/temp_path.h"

namespace longtake {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

constexpr int kPatience_ms = 60'000;  // only for tests that fail
constexpr FrameSize kSize = {128, 192};

/// The engine's real program and a folder with everything an order needs.
class SlateProgram : public testing::Test {
 protected:
  void SetUp() override {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    write_png(folder_ / "reference.png", {kSize, std::vector<std::uint8_t>(128 * 192 * 3, 90)});
    std::vector<float> samples(std::size_t{200} * kSamplesPerFrame);
    for (std::size_t i = 0; i < samples.size(); ++i)
      samples[i] = 0.3F * std::sin(static_cast<float>(i) * 0.1F);
    std::ofstream(folder_ / "speech.f32", std::ios::binary)
        .write(reinterpret_cast<const char*>(samples.data()),
               static_cast<std::streamsize>(samples.size() * sizeof(float)));
  }
  void TearDown() override { fs::remove_all(folder_); }

  SegmentOrder order(Interval frames, const std::string& name) const {
    SegmentOrder wanted;
    wanted.attempt = AttemptId{7};
    wanted.job = "test-job";
    wanted.identity = "abc123";
    wanted.settings.infer_frames = 48;
    wanted.size = kSize;
    wanted.frames = frames;
    wanted.clips = {frames.begin / 48, (frames.end + 47) / 48};
    wanted.range = wanted.clips;
    wanted.film_frames = 1'000'000;
    wanted.reference_image = folder_ / "reference.png";
    wanted.speech = folder_ / "speech.f32";
    wanted.speech_samples = {kSamplesPerFrame, std::int64_t{200} * kSamplesPerFrame};
    wanted.segment = folder_ / (name + ".mp4");
    wanted.carry_out = folder_ / (name + ".carry.safetensors");
    return wanted;
  }

  /// The next report that `is_wanted`; an empty FramesMade when the engine dies before.
  static EngineReport await(EngineProcess& engine,
                            const std::function<bool(const EngineReport&)>& is_wanted) {
    while (true) {
      pollfd news{engine.descriptor(), POLLIN, 0};
      ::poll(&news, 1, kPatience_ms);
      for (const EngineReport& report : engine.receive()) {
        if (is_wanted(report)) return report;
      }
      if (engine.death()) return FramesMade{};
    }
  }

  static bool is_end(const EngineReport& report) {
    return std::holds_alternative<SegmentMade>(report) || std::holds_alternative<SegmentGivenUp>(report);
  }

  /// The report that ends the order, on a new engine.
  EngineReport make(const SegmentOrder& wanted) const {
    EngineProcess engine(LONGTAKE_SLATE_PROGRAM, {});
    engine.send(MakeSegment{wanted});
    return await(engine, is_end);
  }

  fs::path folder_ = temp_path("slate-engine");
};

/// What a test that fails shows.
std::string line_of(const EngineReport& report) { return encode(report); }

/// The frame numbers in a segment's strips, as the ffmpeg program decodes it.
std::vector<std::int64_t> strips_of(const fs::path& segment, FrameSize size) {
  const std::string command = "ffmpeg -v error -i '" + segment.string() + "' -f rawvideo -pix_fmt gray -";
  const std::unique_ptr<FILE, int (*)(FILE*)> decoded(::popen(command.c_str(), "r"), ::pclose);
  std::vector<std::uint8_t> luma(static_cast<std::size_t>(size.height) *
                                 static_cast<std::size_t>(size.width));
  std::vector<std::int64_t> frames;
  while (std::fread(luma.data(), 1, luma.size(), decoded.get()) == luma.size()) {
    frames.push_back(read_strip(luma.data(), size));
  }
  return frames;
}

std::vector<std::int64_t> counting(Interval frames) {
  std::vector<std::int64_t> numbers;
  for (std::int64_t frame = frames.begin; frame < frames.end; ++frame) numbers.push_back(frame);
  return numbers;
}

TEST_F(SlateProgram, EveryFrameOfTheSegmentIsThereOnceAndInOrder) {
  const SegmentOrder wanted = order({43'680, 43'740}, "a");
  const EngineReport end = make(wanted);
  ASSERT_TRUE(std::holds_alternative<SegmentMade>(end)) << line_of(end);
  EXPECT_EQ(std::get<SegmentMade>(end).facts.frames, 60);
  EXPECT_EQ(strips_of(wanted.segment, kSize), counting(wanted.frames));
}

TEST_F(SlateProgram, StartsWithItsProtocolAndReportsProgress) {
  EngineProcess engine(LONGTAKE_SLATE_PROGRAM, {});
  const EngineReport first = await(engine, [](const EngineReport&) { return true; });
  ASSERT_TRUE(std::holds_alternative<EngineStarted>(first));
  EXPECT_EQ(std::get<EngineStarted>(first).protocol, kEngineProtocol);
  EXPECT_EQ(std::get<EngineStarted>(first).engine, "slate");
  engine.send(MakeSegment{order({0, 30}, "a")});
  std::vector<std::int64_t> progress;
  await(engine, [&](const EngineReport& report) {
    if (const auto* made = std::get_if<FramesMade>(&report)) progress.push_back(made->frames);
    return is_end(report);
  });
  EXPECT_EQ(progress, (std::vector<std::int64_t>{12, 24, 30}));
}

TEST_F(SlateProgram, OneEngineMakesAChainThroughTheCarries) {
  EngineProcess engine(LONGTAKE_SLATE_PROGRAM, {});
  SegmentOrder first = order({0, 48}, "a");
  SegmentOrder second = order({48, 96}, "b");
  second.carry_in = first.carry_out;
  for (const SegmentOrder& wanted : {first, second}) {
    engine.send(MakeSegment{wanted});
    const EngineReport end = await(engine, is_end);
    EXPECT_TRUE(std::holds_alternative<SegmentMade>(end)) << line_of(end);
  }
  EXPECT_EQ(read_carry(second.carry_out).next_frame, 96);
  EXPECT_EQ(read_carry(second.carry_out).identity, "abc123");
}

TEST_F(SlateProgram, EqualOrdersGiveEqualFacts) {
  const EngineReport one = make(order({0, 24}, "a"));
  const EngineReport two = make(order({0, 24}, "b"));
  ASSERT_TRUE(std::holds_alternative<SegmentMade>(one)) << line_of(one);
  ASSERT_TRUE(std::holds_alternative<SegmentMade>(two)) << line_of(two);
  EXPECT_EQ(std::get<SegmentMade>(one).facts, std::get<SegmentMade>(two).facts);
}

TEST_F(SlateProgram, RefusesACarryThatDoesNotFit) {
  SegmentOrder wanted = order({48, 96}, "b");
  wanted.carry_in = folder_ / "in.carry.safetensors";
  write_carry(wanted.carry_in, {"abc123", 96});
  EngineReport end = make(wanted);
  ASSERT_TRUE(std::holds_alternative<SegmentGivenUp>(end)) << line_of(end);
  EXPECT_EQ(std::get<SegmentGivenUp>(end).kind, ErrorKind::InvalidInput);
  EXPECT_THAT(std::get<SegmentGivenUp>(end).message, HasSubstr("frame 96"));

  write_carry(wanted.carry_in, {"other", 48});
  end = make(wanted);
  ASSERT_TRUE(std::holds_alternative<SegmentGivenUp>(end)) << line_of(end);
  EXPECT_THAT(std::get<SegmentGivenUp>(end).message, HasSubstr("identity other"));
  EXPECT_FALSE(fs::exists(wanted.segment));
  EXPECT_FALSE(fs::exists(wanted.carry_out));
}

TEST_F(SlateProgram, RefusesAnImageOfAnotherSizeAndGoesOnWithTheNextOrder) {
  EngineProcess engine(LONGTAKE_SLATE_PROGRAM, {});
  SegmentOrder wanted = order({0, 12}, "a");
  wanted.size = {64, 64};
  engine.send(MakeSegment{wanted});
  EngineReport end = await(engine, is_end);
  ASSERT_TRUE(std::holds_alternative<SegmentGivenUp>(end)) << line_of(end);
  EXPECT_THAT(std::get<SegmentGivenUp>(end).message,
              testing::AllOf(HasSubstr("192x128"), HasSubstr("64x64")));
  engine.send(MakeSegment{order({0, 12}, "a")});
  end = await(engine, is_end);
  EXPECT_TRUE(std::holds_alternative<SegmentMade>(end)) << line_of(end);
}

TEST_F(SlateProgram, ACancelledSegmentLeavesNothingBehind) {
  EngineProcess engine(LONGTAKE_SLATE_PROGRAM, {});
  const SegmentOrder wanted = order({0, 900'000}, "a");
  engine.send(MakeSegment{wanted});
  await(engine, [](const EngineReport& report) { return std::holds_alternative<FramesMade>(report); });
  engine.send(CancelSegment{AttemptId{99}});  // another's
  engine.send(CancelSegment{wanted.attempt});
  const EngineReport end = await(engine, is_end);
  ASSERT_TRUE(std::holds_alternative<SegmentGivenUp>(end)) << line_of(end);
  EXPECT_TRUE(std::get<SegmentGivenUp>(end).cancelled);
  EXPECT_FALSE(fs::exists(wanted.segment));
  EXPECT_FALSE(fs::exists(part_path(wanted.segment, writer_of(wanted.attempt))));
  EXPECT_FALSE(fs::exists(wanted.carry_out));
  EXPECT_FALSE(engine.death());
}

TEST_F(SlateProgram, ForWantOfTimeItIsCutAtAClipBoundaryAndCanBeGoneOnFrom) {
  EngineProcess engine(LONGTAKE_SLATE_PROGRAM, {});
  const SegmentOrder wanted = order({48, 900'000}, "a");
  engine.send(MakeSegment{wanted});
  await(engine, [](const EngineReport& report) { return std::holds_alternative<FramesMade>(report); });
  engine.send(FinishSegment{AttemptId{99}, 0});  // another's
  engine.send(FinishSegment{wanted.attempt, 0});
  const EngineReport end = await(engine, is_end);
  ASSERT_TRUE(std::holds_alternative<SegmentMade>(end)) << line_of(end);
  const Interval clips = std::get<SegmentMade>(end).cut_to;
  EXPECT_EQ(clips.begin, 1);
  ASSERT_GT(clips.end, 1);
  EXPECT_EQ(std::get<SegmentMade>(end).facts.frames, clips.length() * 48);
  const fs::path segment = folder_ / segment_file_name(clips);
  EXPECT_EQ(strips_of(segment, kSize), counting({48, clips.end * 48}));
  EXPECT_EQ(read_carry(folder_ / carry_file_name(clips)).next_frame, clips.end * 48);
  EXPECT_FALSE(fs::exists(wanted.segment));
  EXPECT_FALSE(fs::exists(part_path(wanted.segment, writer_of(wanted.attempt))));

  SegmentOrder rest = order({clips.end * 48, clips.end * 48 + 12}, "b");
  rest.carry_in = folder_ / carry_file_name(clips);
  engine.send(MakeSegment{rest});
  EXPECT_TRUE(std::holds_alternative<SegmentMade>(await(engine, is_end)));
}

TEST_F(SlateProgram, WithEnoughTimeItIsMadeWhole) {
  EngineProcess engine(LONGTAKE_SLATE_PROGRAM, {});
  const SegmentOrder wanted = order({0, 120}, "a");
  engine.send(MakeSegment{wanted});
  engine.send(FinishSegment{wanted.attempt, 3'600'000});
  const EngineReport end = await(engine, is_end);
  ASSERT_TRUE(std::holds_alternative<SegmentMade>(end)) << line_of(end);
  EXPECT_TRUE(std::get<SegmentMade>(end).cut_to.is_empty());
  EXPECT_EQ(strips_of(wanted.segment, kSize), counting({0, 120}));
}

TEST_F(SlateProgram, EndsAndRemovesItsPartWhenToldToQuit) {
  EngineProcess engine(LONGTAKE_SLATE_PROGRAM, {});
  const SegmentOrder wanted = order({0, 900'000}, "a");
  engine.send(MakeSegment{wanted});
  await(engine, [](const EngineReport& report) { return std::holds_alternative<FramesMade>(report); });
  engine.stop(kPatience_ms);
  EXPECT_EQ(engine.death(), "exit code 0");
  EXPECT_FALSE(fs::exists(part_path(wanted.segment, writer_of(wanted.attempt))));
}

TEST(SlateProgramByHand, SaysWhatItIs) {
  const std::string program = LONGTAKE_SLATE_PROGRAM;
  EXPECT_EQ(WEXITSTATUS(std::system((program + " 2> /dev/null").c_str())), 2);
  EXPECT_EQ(WEXITSTATUS(std::system((program + " --help > /dev/null").c_str())), 0);
  EXPECT_EQ(WEXITSTATUS(std::system((program + " --version > /dev/null").c_str())), 0);
  EXPECT_EQ(WEXITSTATUS(std::system((program + " --nonsense 2> /dev/null").c_str())), 2);
}

}  // namespace
}  // namespace longtake
