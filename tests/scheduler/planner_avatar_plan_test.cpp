#include <gmock/gmock.h>

#include "jobs/model/memory_model.h"
#include "scheduler/planner/plan.h"
#include "scheduler/planner/shortages.h"
#include "tests/scheduler/bundled_profiles.h"

namespace longtake {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr FrameSize kUsual = {384, 704};

JobInput avatar(const std::string& name, FrameSize size, Continuity continuity = Continuity::Auto) {
  JobInput job;
  job.spec.name = name;
  job.spec.engine = EngineKind::LiveAvatar;
  job.spec.settings.continuity = continuity;
  job.size = size;
  job.clips = 100;
  job.film_frames = 4800;
  job.model = published_model();
  return job;
}

Plan plan_for(const std::string& profile_name, const std::vector<JobInput>& jobs) {
  const Profile profile = bundled_profile(profile_name);
  return make_plan(profile, jobs, inventory_of_profile(profile));
}

ModelShape tiny_model() {
  ModelShape shape;
  shape.dim = 64;
  shape.ffn_dim = 160;
  shape.heads = 4;
  shape.layers = 4;
  shape.text_dim = 48;
  shape.audio_dim = 40;
  shape.audio_inject_layers = {0, 2};
  shape.vae.dim = 8;
  return shape;
}

TEST(AvatarPlan, GivesEachGpuAGroupWhereTheModelFits) {
  const Plan plan = plan_for("5x80gb", {avatar("news", kUsual)});
  EXPECT_THAT(plan.reasons, IsEmpty());
  ASSERT_EQ(plan.groups.size(), 5u);
  EXPECT_EQ(plan.groups[0].layout.kind, LayoutKind::Single);
  EXPECT_EQ(plan.jobs[0].ranges.size(), 5u);
  EXPECT_GT(plan.jobs[0].frames_per_second, 1);
}

TEST(AvatarPlan, LeavesNoGpuIdleBesideAGroup) {
  // Three of 24 GB would do; the fourth has nothing else to do.
  const Plan plan = plan_for("4x24gb", {avatar("news", kUsual)});
  ASSERT_EQ(plan.groups.size(), 1u);
  EXPECT_THAT(plan.groups[0].ranks, ElementsAre(RankId{0}, RankId{1}, RankId{2}, RankId{3}));
  EXPECT_EQ(plan.groups[0].layout.stages[3].layers, (Interval{30, 40}));
  EXPECT_EQ(plan.groups[0].memory.size(), 4u);
}

TEST(AvatarPlan, MakesGroupsLargerWhenThereAreFewerChains) {
  const Plan one = plan_for("8x80gb", {avatar("news", kUsual, Continuity::Chained)});
  ASSERT_EQ(one.groups.size(), 1u);
  EXPECT_EQ(one.groups[0].layout.ranks(), 8);
  const Plan two = plan_for(
      "8x80gb", {avatar("a", kUsual, Continuity::Chained), avatar("b", kUsual, Continuity::Chained)});
  ASSERT_EQ(two.groups.size(), 2u);
  EXPECT_EQ(two.groups[0].layout.ranks(), 4);
  EXPECT_NEAR(one.jobs[0].frames_per_second, 2 * two.jobs[0].frames_per_second, 1e-9);
}

TEST(AvatarPlan, TakesTheSizeOfGroupThatSuitsEveryJob) {
  const Plan plan = plan_for("2x48gb", {avatar("small", {256, 384}), avatar("large", {400, 720})});
  EXPECT_THAT(plan.reasons, IsEmpty());
  ASSERT_EQ(plan.groups.size(), 1u);
  EXPECT_EQ(plan.groups[0].layout.ranks(), 2);
  EXPECT_EQ(plan.jobs.size(), 2u);
}

TEST(AvatarPlan, NeverSpansHosts) {
  SlotInventory inventory;
  inventory.hosts.push_back({"a", 3, {}, {RankId{0}, RankId{2}, RankId{4}}});
  inventory.hosts.push_back({"b", 2, {}, {RankId{1}, RankId{3}}});
  Profile profile = bundled_profile("2x48gb");
  profile.gpus_per_node = 0;
  const Plan plan = make_plan(profile, {avatar("news", kUsual)}, inventory);
  ASSERT_EQ(plan.groups.size(), 2u);
  EXPECT_THAT(plan.groups[0].ranks, ElementsAre(RankId{0}, RankId{2}));
  EXPECT_THAT(plan.groups[1].ranks, ElementsAre(RankId{1}, RankId{3}));
}

TEST(AvatarPlan, SaysWhatCannotRunAndPlansTheRest) {
  const Plan plan = plan_for("1x24gb", {avatar("news", kUsual)});
  EXPECT_THAT(plan.reasons, ElementsAre(AllOf(HasSubstr("job news: 704*384 needs"), HasSubstr("would fit"))));
  EXPECT_THAT(plan.jobs, IsEmpty());
  // What it would need is shown all the same.
  EXPECT_GT(plan.groups.at(0).memory.at(0).total_bytes(), plan.groups[0].capacity_bytes);
  const Plan mixed = plan_for("1x48gb", {avatar("large", kUsual), avatar("small", {256, 384})});
  EXPECT_THAT(mixed.reasons, ElementsAre(HasSubstr("job large: ")));
  ASSERT_EQ(mixed.jobs.size(), 1u);
  EXPECT_EQ(mixed.jobs[0].name, "small");
}

TEST(AvatarPlan, NeedsTheSizesOfTheModel) {
  JobInput job = avatar("news", kUsual);
  job.model.reset();
  EXPECT_THAT(plan_for("1x80gb", {job}).reasons,
              ElementsAre(HasSubstr("the sizes of its model are not known")));
}

TEST(AvatarPlan, RunsASmallModelOnCpuSlots) {
  JobInput job = avatar("news", {256, 384}, Continuity::Chained);
  job.model = tiny_model();
  const Plan chained = plan_for("cpu", {job});
  EXPECT_THAT(chained.reasons, IsEmpty());
  ASSERT_EQ(chained.groups.size(), 1u);
  EXPECT_EQ(chained.groups[0].layout.ranks(), 4);
  job.spec.settings.continuity = Continuity::Parallel;
  EXPECT_EQ(plan_for("cpu", {job}).groups.size(), 4u);
}

TEST(AvatarPlan, GivesEveryJobItsOwnLayoutForTheRanksOfAGroup) {
  JobInput fewer_steps = avatar("fast", {256, 384});
  fewer_steps.spec.settings.sample_steps = 2;
  JobInput slate = avatar("slate", kUsual);
  slate.spec.engine = EngineKind::Slate;
  const Plan plan = plan_for("2x48gb", {avatar("large", {400, 720}), fewer_steps, slate});
  ASSERT_EQ(plan.jobs.size(), 3u);
  for (const std::size_t job : {0U, 1U}) EXPECT_EQ(description_of(plan.jobs[job].layout), "layers x 2");
  EXPECT_EQ(plan.jobs[0].layout.stages[0].steps, (Interval{0, 4}));
  EXPECT_EQ(plan.jobs[1].layout.stages[0].steps, (Interval{0, 2}));
  EXPECT_LT(peak_bytes(plan.jobs[1].memory), peak_bytes(plan.jobs[0].memory));
  EXPECT_THAT(plan.jobs[2].layout.stages, IsEmpty());
}

TEST(AvatarPlan, CutsSegmentsThatDependOnNoMachine) {
  for (const char* profile : {"4x24gb", "8x80gb", "1x141gb"}) {
    const Plan plan = plan_for(profile, {avatar("news", kUsual, Continuity::Chained)});
    EXPECT_EQ(plan.jobs.at(0).segment_clips, kAvatarSegmentClips) << profile;
    EXPECT_EQ(plan.jobs[0].ranges.at(0).segments.at(1), (Interval{20, 40}));
  }
}

TEST(AvatarPlan, MakesSlatesBesideFilmsOfTheModel) {
  JobInput slate = avatar("slate", kUsual);
  slate.spec.engine = EngineKind::Slate;
  slate.model.reset();
  const Plan plan = plan_for("1x80gb", {avatar("news", kUsual), slate});
  EXPECT_THAT(plan.reasons, IsEmpty());
  ASSERT_EQ(plan.jobs.size(), 2u);
  EXPECT_EQ(plan.jobs[1].name, "slate");
  EXPECT_GT(plan.jobs[1].frames_per_second, 10 * plan.jobs[0].frames_per_second);
}

TEST(AvatarPlan, ShowsBytesPerGpuByComponent) {
  const std::string table = to_table(plan_for("4x24gb", {avatar("news", kUsual)}));
  EXPECT_THAT(table, HasSubstr("layers x 4"));
  EXPECT_THAT(table, HasSubstr("engine 3"));
  EXPECT_THAT(table, HasSubstr("layers 30:40"));
  EXPECT_THAT(table, HasSubstr("key/value cache"));
  EXPECT_THAT(table, HasSubstr("total"));
}

// What is known of earlier runs.

std::int64_t predicted_bytes(const Plan& plan) { return peak_bytes(plan.jobs.at(0).memory); }

TEST(PlanAroundShortages, DoesNotChooseAgainWhatRanOutOfMemory) {
  const Profile profile = bundled_profile("5x80gb");
  std::vector<JobInput> jobs = {avatar("news", kUsual)};
  const SlotInventory inventory = inventory_of_profile(profile);
  const Plan before = plan_around_shortages(profile, jobs, inventory);
  ASSERT_EQ(before.jobs.at(0).layout.ranks(), 1);
  jobs[0].ran_out_at_bytes = predicted_bytes(before);
  const Plan after = plan_around_shortages(profile, jobs, inventory);
  EXPECT_GE(after.jobs.at(0).layout.ranks(), 2);
  EXPECT_LT(predicted_bytes(after), predicted_bytes(before));
}

TEST(PlanAroundShortages, TriesAllAgainWhenNothingElseFits) {
  const Profile profile = bundled_profile("1x80gb");
  std::vector<JobInput> jobs = {avatar("news", kUsual)};
  jobs[0].ran_out_at_bytes = 1'000'000;
  const Plan plan = plan_around_shortages(profile, jobs, inventory_of_profile(profile));
  EXPECT_THAT(plan.reasons, IsEmpty());
  EXPECT_EQ(plan.jobs.at(0).layout.ranks(), 1);
  EXPECT_EQ(jobs[0].ran_out_at_bytes, std::nullopt) << "what the run may choose from is not bound either";
}

}  // namespace
}  // namespace longtake
