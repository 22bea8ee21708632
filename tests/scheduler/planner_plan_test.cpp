#include <gmock/gmock.h>

#include "scheduler/planner/plan.h"

namespace longtake {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// A machine that makes 100 frames a second of 704x384 in each slot.
Profile cpu_profile(int slots = 2) {
  Profile profile;
  profile.name = "cpu";
  profile.cpu_slots_per_node = slots;
  profile.host_bytes_per_slot = 1'000'000'000;
  profile.slate_megapixels_per_s = 27.0336;
  return profile;
}

Profile gpu_profile(int gpus) {
  Profile profile = cpu_profile(gpus);
  profile.name = "5x80gb";
  profile.device = DeviceKind::Gpu;
  profile.gpu_name = "NVIDIA H100";
  profile.gpus_per_node = gpus;
  profile.memory_bytes = 80'000'000'000;
  return profile;
}

JobInput slate_job(const std::string& name, std::int64_t clips) {
  JobInput job;
  job.spec.name = name;
  job.spec.engine = EngineKind::Slate;
  job.size = {384, 704};
  job.clips = clips;
  job.film_frames = clips * 48;
  return job;
}

Plan plan_for(const std::vector<JobInput>& jobs, int slots = 2) {
  const Profile profile = cpu_profile(slots);
  return make_plan(profile, jobs, inventory_of_profile(profile));
}

std::vector<Interval> ranges_of(const JobPlan& job) {
  std::vector<Interval> ranges;
  for (const RangePlan& range : job.ranges) ranges.push_back(range.clips);
  return ranges;
}

TEST(Inventory, OfAProfileHasARankPerSlotOrGpu) {
  const SlotInventory cpus = inventory_of_profile(cpu_profile(3));
  ASSERT_EQ(cpus.hosts.size(), 1u);
  EXPECT_THAT(cpus.hosts[0].ranks, ElementsAre(RankId{0}, RankId{1}, RankId{2}));
  EXPECT_TRUE(cpus.hosts[0].gpus.empty());
  const SlotInventory gpus = inventory_of_profile(gpu_profile(5));
  EXPECT_EQ(gpus.hosts[0].ranks.size(), 5u);
  EXPECT_EQ(gpus.hosts[0].gpus.size(), 5u);
}

TEST(Plan, GivesEveryRankAGroupOfItsOwnForSlates) {
  SlotInventory inventory;
  inventory.hosts.push_back({"a", 2, {}, {RankId{0}, RankId{2}}});
  inventory.hosts.push_back({"b", 1, {}, {RankId{1}}});
  const Plan plan = make_plan(cpu_profile(), {slate_job("news", 100)}, inventory);
  ASSERT_EQ(plan.groups.size(), 3u);
  EXPECT_EQ(plan.groups[1].group, GroupId{1});
  EXPECT_EQ(plan.groups[1].host, "a");
  EXPECT_THAT(plan.groups[1].ranks, ElementsAre(RankId{2}));
  EXPECT_EQ(plan.groups[2].host, "b");
  EXPECT_EQ(plan.groups[2].layout.kind, LayoutKind::Single);
  EXPECT_EQ(plan.groups[2].layout.ranks(), 1);
  ASSERT_EQ(plan.groups[2].memory.size(), 1u);
  EXPECT_GT(plan.groups[2].memory[0].total_bytes(), 384 * 704 * 3);
  EXPECT_EQ(plan.groups[2].capacity_bytes, 1'000'000'000);
}

TEST(Plan, SplitsOneJobOverTheGroups) {
  const Plan plan = plan_for({slate_job("news", 100)});
  ASSERT_TRUE(plan.fits());
  EXPECT_THAT(ranges_of(plan.jobs[0]), ElementsAre(Interval{0, 50}, Interval{50, 100}));
  EXPECT_DOUBLE_EQ(plan.jobs[0].frames_per_second, 100);
  // 100 frames/s make 500 clips in four minutes: the longest segment, 64 clips, holds a whole range.
  EXPECT_THAT(plan.jobs[0].ranges[0].segments, ElementsAre(Interval{0, 50}));
  EXPECT_DOUBLE_EQ(plan.seconds, 24);
}

TEST(Plan, KeepsEnoughJobsWhole) {
  const Plan plan = plan_for({slate_job("a", 100), slate_job("b", 300), slate_job("c", 200)});
  for (const JobPlan& job : plan.jobs) EXPECT_EQ(job.ranges.size(), 1u) << job.name;
  // Longest first: b alone on one group, c and then a on the other.
  EXPECT_DOUBLE_EQ(plan.jobs[0].seconds, 144);
  EXPECT_DOUBLE_EQ(plan.jobs[1].seconds, 144);
  EXPECT_DOUBLE_EQ(plan.jobs[2].seconds, 96);
  EXPECT_DOUBLE_EQ(plan.seconds, 144);
}

TEST(Plan, CutsFilmsByTheirShareOfTheNight) {
  // 1400 clips on 8 slots: a share is 175, and no range has more than half of it, but in the longest film,
  // which has no more ranges than there are slots.
  const Plan plan = plan_for({slate_job("a", 80), slate_job("b", 320), slate_job("c", 1000)}, 8);
  EXPECT_EQ(plan.jobs[0].ranges.size(), 1U);
  EXPECT_EQ(plan.jobs[1].ranges.size(), 4U);
  EXPECT_EQ(plan.jobs[2].ranges.size(), 8U);
  EXPECT_LT(plan.seconds, 1.2 * 175 * 48 / 100) << "a slot makes 100 frames/s";
}

TEST(Plan, CutsOneLongFilmAmongEnoughShortOnes) {
  std::vector<JobInput> jobs = {slate_job("long", 800)};
  for (const char* name : {"a", "b", "c"}) jobs.push_back(slate_job(name, 100));
  const Plan plan = plan_for(jobs, 4);
  EXPECT_EQ(plan.jobs[0].ranges.size(), 4U);
  EXPECT_EQ(plan.jobs[1].ranges.size(), 1U);
  EXPECT_LT(plan.seconds, 350);
}

TEST(Plan, FollowsTheJobsOwnCuts) {
  JobInput job = slate_job("news", 100);
  job.spec.settings.continuity = Continuity::Chained;
  job.spec.settings.segment_clips = 40;
  const Plan plan = plan_for({job});
  ASSERT_EQ(plan.jobs[0].ranges.size(), 1u);
  EXPECT_THAT(plan.jobs[0].ranges[0].segments,
              ElementsAre(Interval{0, 40}, Interval{40, 80}, Interval{80, 100}));
}

TEST(Plan, CutsAtPauses) {
  JobInput job = slate_job("news", 100);
  job.loudness.mean_square.assign(100 * 192, 0.1F);
  std::fill_n(job.loudness.mean_square.begin() + 48 * 192 - 20, 40, 0.0F);
  EXPECT_THAT(ranges_of(plan_for({job}).jobs[0]), ElementsAre(Interval{0, 48}, Interval{48, 100}));
}

TEST(Plan, KeepsTheCutsOfAJobThatWasBegunBefore) {
  JobInput job = slate_job("news", 100);
  job.fixed_segments = SegmentsByRange{{{0, 10}, {10, 30}}, {{30, 100}}};
  const Plan plan = plan_for({job}, 8);
  EXPECT_THAT(ranges_of(plan.jobs[0]), ElementsAre(Interval{0, 30}, Interval{30, 100}));
  EXPECT_THAT(plan.jobs[0].ranges[0].segments, ElementsAre(Interval{0, 10}, Interval{10, 30}));
}

TEST(Plan, CountsTheFramesOfAShortLastClip) {
  JobInput job = slate_job("news", 3);
  job.film_frames = 100;
  EXPECT_DOUBLE_EQ(plan_for({job}).seconds, 1);
}

TEST(Plan, RefusesAProfileThatAsksForMoreGpusThanThereAre) {
  JobInput avatar = slate_job("avatar", 100);
  avatar.spec.engine = EngineKind::LiveAvatar;
  SlotInventory inventory = inventory_of_profile(gpu_profile(4));
  inventory.hosts[0].name = "node7";
  const Plan plan = make_plan(gpu_profile(5), {avatar}, inventory);
  ASSERT_FALSE(plan.fits());
  EXPECT_THAT(plan.reasons[0], HasSubstr("asks for 5 GPUs on each host, node7 has 4"));
}

TEST(Plan, NeedsNoGpuForSlates) {
  const Plan plan = make_plan(gpu_profile(5), {slate_job("news", 100)}, inventory_of_profile(cpu_profile(2)));
  EXPECT_THAT(plan.reasons, IsEmpty());
}

TEST(Plan, NamesTheNearestSizeThatFits) {
  JobInput large = slate_job("large", 100);
  large.size = {8192, 8192};
  const Plan plan = plan_for({large});
  ASSERT_EQ(plan.reasons.size(), 1u);
  EXPECT_THAT(plan.reasons[0], HasSubstr("job large: frames of 8192x8192 need "));
  EXPECT_THAT(plan.reasons[0], HasSubstr("gives 1000 MB; write size: 3840*2160 or less"));
  EXPECT_THAT(plan.jobs, IsEmpty());
}

TEST(Plan, NeedsARank) {
  const Plan plan = make_plan(cpu_profile(), {slate_job("news", 100)}, {});
  EXPECT_THAT(plan.reasons, ElementsAre(HasSubstr("there is no rank")));
}

TEST(Plan, CoversEveryClipOnce) {
  for (std::int64_t clips = 1; clips < 300; clips += 13) {
    for (int slots = 1; slots < 20; slots += 3) {
      const Plan plan = plan_for({slate_job("news", clips)}, slots);
      std::int64_t next = 0;
      for (const RangePlan& range : plan.jobs[0].ranges) {
        EXPECT_EQ(range.clips.begin, next);
        for (const Interval& segment : range.segments) {
          EXPECT_EQ(segment.begin, next);
          next = segment.end;
        }
        EXPECT_EQ(range.clips.end, next);
      }
      EXPECT_EQ(next, clips) << slots << " slots";
    }
  }
}

TEST(PlanTable, ShowsWhatRunsWhere) {
  const std::string table = to_table(plan_for({slate_job("morning-news", 100)}));
  EXPECT_THAT(table, HasSubstr("profile cpu, 2 groups"));
  EXPECT_THAT(table, HasSubstr("reference image"));
  EXPECT_THAT(table, HasSubstr("morning-news  slate   704x384  0:03:12  4800"));
  EXPECT_THAT(table, HasSubstr("1      50:100  1"));
  EXPECT_THAT(table, HasSubstr("all jobs ready after 0:00:24"));
}

TEST(PlanTable, ShowsWhyNothingRuns) {
  const std::string table = to_table(make_plan(cpu_profile(), {}, {}));
  EXPECT_THAT(table, HasSubstr("what cannot run:\n  there is no rank"));
}

TEST(PlanTable, StaysShortOnALargeCluster) {
  const std::string table = to_table(plan_for({slate_job("news", 10000)}, 1000));
  EXPECT_THAT(table, HasSubstr("and 984 more groups like these"));
  EXPECT_THAT(table, HasSubstr("and 984 more ranges"));
}

TEST(PlanJson, HasEverything) {
  const nlohmann::json json = to_json(plan_for({slate_job("news", 100)}));
  EXPECT_EQ(json.at("profile"), "cpu");
  EXPECT_EQ(json.at("fits"), true);
  EXPECT_EQ(json.at("groups").size(), 2u);
  EXPECT_EQ(json.at("groups")[0].at("layout").at("kind"), "single");
  EXPECT_GT(json.at("groups")[0].at("memory")[0].at("total_bytes").get<std::int64_t>(), 0);
  const auto& job = json.at("jobs")[0];
  EXPECT_EQ(job.at("width"), 704);
  EXPECT_EQ(job.at("ranges")[1].at("clips"), nlohmann::json({50, 100}));
  EXPECT_EQ(job.at("ranges")[1].at("segments"), nlohmann::json::parse("[[50, 100]]"));
  EXPECT_EQ(json.at("reasons").size(), 0u);
}

}  // namespace
}  // namespace longtake
