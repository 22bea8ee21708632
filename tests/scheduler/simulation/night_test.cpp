// Nights small enough to work out by hand.
#include "scheduler/simulation/night.h"

#include <gmock/gmock.h>

#include "scheduler/simulation/made_up_night.h"
#include "scheduler/simulation/night_svg.h"
#include "scheduler/simulation/night_text.h"

namespace longtake {
namespace {

using ::testing::HasSubstr;

constexpr std::int64_t kSecond_ms = 1000;

/// A slot renders 48 frames/s of the film's size: a clip a second, and a segment of a slate costs nothing
/// besides.
Profile profile_of(int slots) {
  Profile profile;
  profile.name = "made-up";
  profile.cpu_slots_per_node = slots;
  profile.host_bytes_per_slot = 1'000'000'000;
  profile.slate_megapixels_per_s = 48 * 704 * 384 / 1e6;
  return profile;
}

JobInput film(const std::string& name, std::int64_t clips) {
  JobInput job;
  job.spec.name = name;
  job.spec.engine = EngineKind::Slate;
  job.spec.settings.continuity = Continuity::Chained;
  job.spec.settings.segment_clips = 10;
  job.size = {384, 704};
  job.clips = clips;
  job.film_frames = clips * 48;
  return job;
}

/// Segments take exactly as long as predicted, engines start at once, joins take no time.
Night exact_night(std::vector<JobInput> jobs, int slots, int slots_per_node = 2) {
  Night night;
  night.profile = profile_of(slots_per_node);
  night.jobs = std::move(jobs);
  night.cluster = made_up_cluster(night.profile, slots);
  night.pace.spread = 0;
  night.pace.load_s = 0;
  night.finishing = {0, 0};
  return night;
}

FaultSource scripted(std::vector<Fault> faults) {
  return [faults = std::move(faults), next = std::size_t{0}]() mutable -> std::optional<Fault> {
    if (next == faults.size()) return std::nullopt;
    return faults[next++];
  };
}

TEST(SimulatedNight, TakesAsLongAsWorkedOutByHand) {
  // 10-second segments: a has three, b two, c one. Two slots: a and b first, then what has most left.
  const NightResult result = simulate(exact_night({film("a", 30), film("b", 20), film("c", 10)}, 2));
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(result.makespan_ms, 30 * kSecond_ms);
  EXPECT_EQ(result.segments, 6U);
  EXPECT_DOUBLE_EQ(result.bound.work_per_gpu_s, 30);
  EXPECT_DOUBLE_EQ(result.bound.longest_chain_s, 30);
  EXPECT_DOUBLE_EQ(result.overhead(), 0);
  EXPECT_DOUBLE_EQ(result.utilisation(), 1);
}

TEST(SimulatedNight, IsNoShorterThanItsLongestChain) {
  const NightResult result = simulate(exact_night({film("a", 50), film("b", 10)}, 4));
  EXPECT_EQ(result.makespan_ms, 50 * kSecond_ms);
  EXPECT_DOUBLE_EQ(result.bound.seconds(), 50);
  EXPECT_DOUBLE_EQ(result.bound.work_per_gpu_s, 15);
  EXPECT_DOUBLE_EQ(result.utilisation(), 60.0 / 200);
}

TEST(SimulatedNight, BeginsWithLoadingTheModel) {
  Night night = exact_night({film("a", 20)}, 1);
  night.pace.load_s = 7;
  const NightResult result = simulate(night);
  EXPECT_EQ(result.makespan_ms, 27 * kSecond_ms);
  EXPECT_DOUBLE_EQ(result.usage.total().of(GpuUse::Loading), 7);
  EXPECT_DOUBLE_EQ(result.usage.total().of(GpuUse::Kept), 20);
}

TEST(SimulatedNight, LosesWhatABrokenGpuWasMaking) {
  Night night = exact_night({film("a", 20)}, 2);
  night.next_fault = scripted({{FaultKind::Gpu, 14 * kSecond_ms, 0}});
  const NightResult result = simulate(night);
  // The second segment begins anew on the other slot after 4 s.
  EXPECT_EQ(result.faults.gpus, 1);
  EXPECT_EQ(result.attempts.failed, 1);
  EXPECT_DOUBLE_EQ(result.usage.total().of(GpuUse::Lost), 4);
  EXPECT_EQ(result.makespan_ms, 24 * kSecond_ms);
  EXPECT_EQ(result.exit_code, 0);
}

TEST(SimulatedNight, NoticesALostNodeByItsSilence) {
  Night night = exact_night({film("a", 20)}, 2, 1);
  night.next_fault = scripted({{FaultKind::Node, 14 * kSecond_ms, 0}});
  const NightResult result = simulate(night);
  EXPECT_EQ(result.faults.nodes, 1);
  EXPECT_EQ(result.attempts.lost, 1);
  EXPECT_DOUBLE_EQ(result.usage.total().of(GpuUse::Lost), 4);
  EXPECT_GT(result.makespan_ms, (14 + 3 + 10) * kSecond_ms);
  EXPECT_LE(result.makespan_ms, (14 + 4 + 10) * kSecond_ms);
}

TEST(SimulatedNight, GoesOnAfterAPreemption) {
  Night night = exact_night({film("a", 20), film("b", 100)}, 2);
  night.requeue_min = 1;
  night.next_fault = scripted({{FaultKind::Preemption, 35 * kSecond_ms, 0}});
  const NightResult result = simulate(night);
  EXPECT_EQ(result.starts, 2);
  EXPECT_EQ(result.faults.preemptions, 1);
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(result.attempts.finished, 12);
  EXPECT_DOUBLE_EQ(result.usage.total().of(GpuUse::Lost), 0) << "a drain keeps what is made";
  EXPECT_DOUBLE_EQ(result.usage.total().of(GpuUse::Kept), 120);
  EXPECT_GE(result.makespan_ms, (100 + 60) * kSecond_ms);
  EXPECT_LE(result.makespan_ms, (100 + 60 + 12) * kSecond_ms);
}

TEST(SimulatedNight, GivesUpWhenFaultsComeTooOften) {
  Night night = exact_night({film("a", 200)}, 1);
  night.pace.load_s = 30;
  std::vector<Fault> faults;
  for (int i = 1; i <= 20; ++i) faults.push_back({FaultKind::Preemption, i * 60 * kSecond_ms, 0});
  night.requeue_min = 0.5;
  night.jobs[0].spec.settings.segment_clips = 500;
  night.next_fault = scripted(std::move(faults));
  night.frames_per_second = 0.01;
  EXPECT_EQ(simulate(night).exit_code, 93);
}

TEST(SimulatedNight, CountsTheClipThatEverySegmentOfTheModelMakesAgain) {
  Night night = exact_night({film("a", 20)}, 1);
  JobInput& job = night.jobs[0];
  job.spec.engine = EngineKind::LiveAvatar;
  job.model = published_model();
  night.profile.host_bytes_per_slot = 500'000'000'000;
  night.frames_per_second = 48;
  const NightResult result = simulate(night);
  EXPECT_EQ(result.makespan_ms, 22 * kSecond_ms);
  EXPECT_DOUBLE_EQ(result.bound.seconds(), 22);
}

TEST(SimulatedNight, MakesSegmentsByGroupsOfSeveral) {
  Night night = exact_night({film("a", 40)}, 4, 4);
  JobInput& job = night.jobs[0];
  job.spec.engine = EngineKind::LiveAvatar;
  job.model = published_model();
  night.profile.host_bytes_per_slot = 500'000'000'000;
  night.frames_per_second = 48;
  night.next_fault = scripted({{FaultKind::Gpu, 16 * kSecond_ms, 3}});
  night.pace.repair_min = 0;
  const NightResult result = simulate(night);
  EXPECT_EQ(result.groups, 1U) << "one chain for all four";
  EXPECT_EQ(result.attempts.failed, 1);
  // 5 s of each of the four, and a second until the other three have stopped.
  EXPECT_DOUBLE_EQ(result.usage.total().of(GpuUse::Lost), 4 * 5 + 3 * 1);
  EXPECT_EQ(result.exit_code, 0);
}

Night random_night(std::uint64_t seed) {
  std::vector<JobInput> jobs;
  for (int j = 0; j < 40; ++j) jobs.push_back(film("film-" + std::to_string(j), 20 + 13 * (j % 7)));
  Night night = exact_night(std::move(jobs), 16, 4);
  night.pace = {0.05, 10, 1};
  night.seed = seed;
  night.next_fault = random_faults({1, 2, 0.5}, 16, 4, seed);
  return night;
}

TEST(SimulatedNight, IsTheSameForTheSameSeed) {
  EXPECT_EQ(to_json(simulate(random_night(5))), to_json(simulate(random_night(5))));
  EXPECT_NE(to_json(simulate(random_night(5))), to_json(simulate(random_night(6))));
}

TEST(SimulatedNight, FinishesEverySegmentOnceWhateverHappens) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const NightResult result = simulate(random_night(seed));
    const AttemptCounts& attempts = result.attempts;
    if (result.exit_code != 0) continue;  // a segment that failed three times fails its job
    EXPECT_EQ(attempts.finished, static_cast<std::int64_t>(result.segments)) << "seed " << seed;
    EXPECT_EQ(attempts.started, attempts.finished + attempts.failed + attempts.lost + attempts.cancelled);
    EXPECT_GE(result.overhead(), 0) << "seed " << seed;
  }
}

TEST(SimulatedNight, ShowsItselfAsTextAndPicture) {
  const NightResult result = simulate(exact_night({film("a", 30)}, 2));
  EXPECT_THAT(to_text(result), HasSubstr("night        0:00:30 until the last segment, 0.00 % above"));
  EXPECT_THAT(to_svg(result), HasSubstr("1 films on 2 GPUs: 50.0 % of their time kept"));
  EXPECT_THAT(to_svg(result), HasSubstr("</svg>"));
}

}  // namespace
}  // namespace longtake
