#include "scheduler/cli/submit_request.h"

#include <gmock/gmock.h>

#include "jobs/error.h"

namespace longtake {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

constexpr std::int64_t kGibibyte = std::int64_t{1} << 30;

Profile gpu_nodes() {
  Profile profile;
  profile.name = "4x24gb";
  profile.device = DeviceKind::Gpu;
  profile.gpu_name = "GPU";
  profile.gpus_per_node = 4;
  profile.cpu_slots_per_node = 6;
  profile.host_bytes_per_slot = 2 * kGibibyte;
  return profile;
}

Profile cpu_nodes() {
  Profile profile;
  profile.name = "cpu";
  profile.cpu_slots_per_node = 4;
  profile.host_bytes_per_slot = 2 * kGibibyte;
  return profile;
}

JobSpec spec_of(const std::string& name, EngineKind engine) {
  JobSpec spec;
  spec.name = name;
  spec.file = "night/" + name + ".yaml";
  spec.engine = engine;
  return spec;
}

SubmitSurroundings here() {
  SubmitSurroundings surroundings;
  surroundings.program = "/opt/longtake/bin/longtake";
  surroundings.folder = "/home/ann";
  surroundings.work_dir = "/home/ann/work";
  surroundings.has_mpirun = true;
  surroundings.has_srun = true;
  return surroundings;
}

CliOptions typed() {
  CliOptions options;
  options.jobs = {"night/talk.yaml"};
  options.profile = "4x24gb";
  return options;
}

const std::vector<JobSpec> kTalk = {spec_of("talk", EngineKind::LiveAvatar)};
const std::vector<JobSpec> kSlate = {spec_of("talk", EngineKind::Slate)};

std::string refusal_of(const CliOptions& options, const Profile& profile) {
  try {
    batch_job_of(options, profile, kTalk, here());
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::InvalidInput);
    return e.what();
  }
  return "";
}

TEST(SubmitRequest, TakesANodeAsTheProfileDescribesIt) {
  const BatchJob job = batch_job_of(typed(), gpu_nodes(), kTalk, here());
  EXPECT_EQ(job.nodes, 1);
  EXPECT_EQ(job.gpus_per_node, 4);
  EXPECT_EQ(job.tasks_per_node, 4);
  EXPECT_EQ(job.memory, "");  // of the model in host memory a profile says nothing by itself
  EXPECT_EQ(job.name, "talk");
}

TEST(SubmitRequest, SlatesNeedNoGpus) {
  const BatchJob job = batch_job_of(typed(), gpu_nodes(), kSlate, here());
  EXPECT_EQ(job.gpus_per_node, std::nullopt);
  EXPECT_EQ(job.tasks_per_node, 6);
  EXPECT_EQ(job.memory, "12288M");
}

TEST(SubmitRequest, WhatIsTypedGoesBeforeWhatTheProfileSays) {
  Profile profile = cpu_nodes();
  profile.slurm = {"gpu", "film", "08:00:00", 2, 10 * kGibibyte};
  BatchJob job = batch_job_of(typed(), profile, kSlate, here());
  EXPECT_EQ(job.partition, "gpu");
  EXPECT_EQ(job.account, "film");
  EXPECT_EQ(job.time_limit, "08:00:00");
  EXPECT_EQ(job.cpus_per_task, 2);
  EXPECT_EQ(job.memory, "10240M");
  CliOptions options = typed();
  options.slurm.partition = "debug";
  options.slurm.account = "news";
  options.slurm.time_limit = "30";
  options.slurm.cpus_per_task = 3;
  options.slurm.memory = "0";
  options.slurm.tasks_per_node = 7;
  job = batch_job_of(options, profile, kSlate, here());
  EXPECT_EQ(job.partition, "debug");
  EXPECT_EQ(job.account, "news");
  EXPECT_EQ(job.time_limit, "30");
  EXPECT_EQ(job.cpus_per_task, 3);
  EXPECT_EQ(job.memory, "0");
  EXPECT_EQ(job.tasks_per_node, 7);
}

TEST(SubmitRequest, PathsDoNotDependOnTheFolderOfTheJob) {
  CliOptions options = typed();
  options.profile = "nodes/ours.yaml";
  options.model = "ckpt";
  options.engine = "liveavatar";
  const BatchJob job = batch_job_of(options, gpu_nodes(), kTalk, here());
  EXPECT_THAT(job.works, SizeIs(1));
  EXPECT_THAT(job.works[0].jobs, ElementsAre("/home/ann/night/talk.yaml"));
  EXPECT_EQ(job.works[0].work_dir, "/home/ann/work");
  EXPECT_EQ(job.log_folder, "/home/ann/work");
  EXPECT_THAT(job.run_options, ElementsAre("--profile", "/home/ann/nodes/ours.yaml", "--engine", "liveavatar",
                                           "--model", "/home/ann/ckpt", "--end-reserve", "180s"));
}

TEST(SubmitRequest, TheRunPlansNothingForTheTimeAfterTheWarning) {
  CliOptions options = typed();
  options.slurm.warn_before_s = 300;
  options.slurm.time_limit = "02:00:00";
  EXPECT_THAT(batch_job_of(options, gpu_nodes(), kTalk, here()).run_options, Contains("360s"));
  options.slurm.warn_before_s = 50;
  options.slurm.time_limit = "1";  // minute: the warning may come at its beginning
  EXPECT_THAT(batch_job_of(options, gpu_nodes(), kTalk, here()).run_options, Not(Contains("--end-reserve")));
}

TEST(SubmitRequest, AnArrayHasAWorkDirectoryForEachFilm) {
  CliOptions options = typed();
  options.jobs = {"night/a.yaml", "night/b.yaml"};
  options.slurm.is_array = true;
  const BatchJob job =
      batch_job_of(options, gpu_nodes(),
                   {spec_of("a", EngineKind::LiveAvatar), spec_of("b", EngineKind::LiveAvatar)}, here());
  ASSERT_THAT(job.works, SizeIs(2));
  EXPECT_THAT(job.works[1].jobs, ElementsAre("/home/ann/night/b.yaml"));
  EXPECT_EQ(job.works[1].work_dir, "/home/ann/work/b");
  EXPECT_EQ(job.log_folder, "/home/ann/work");
  EXPECT_EQ(job.name, "longtake");
}

TEST(SubmitRequest, SrunStartsTheRanksWhereThereIsNoMpirun) {
  SubmitSurroundings without_mpirun = here();
  without_mpirun.has_mpirun = false;
  EXPECT_EQ(batch_job_of(typed(), gpu_nodes(), kTalk, here()).launch, SlurmLaunch::Mpirun);
  EXPECT_EQ(batch_job_of(typed(), gpu_nodes(), kTalk, without_mpirun).launch, SlurmLaunch::Srun);
  CliOptions options = typed();
  options.slurm.launch = "srun";
  EXPECT_EQ(batch_job_of(options, gpu_nodes(), kTalk, here()).launch, SlurmLaunch::Srun);
}

TEST(SubmitRequest, RefusesMoreRanksThanGpus) {
  CliOptions options = typed();
  options.slurm.tasks_per_node = 8;
  EXPECT_THAT(refusal_of(options, gpu_nodes()), HasSubstr("give at most 4"));
}

TEST(SubmitRequest, RefusesATimeThatSlurmWouldNotRead) {
  CliOptions options = typed();
  options.slurm.time_limit = "8h";
  EXPECT_THAT(refusal_of(options, gpu_nodes()), AllOf(HasSubstr("'8h'"), HasSubstr("--time 08:00:00")));
}

TEST(SubmitRequest, TakesATimeWithoutALimit) {
  CliOptions options = typed();
  options.slurm.time_limit = "UNLIMITED";
  const Profile profile = gpu_nodes();
  const BatchJob job = batch_job_of(options, profile, kTalk, here());
  EXPECT_EQ(job.time_limit, "UNLIMITED");
  EXPECT_THAT(advice_on(job, profile, 1e9), ElementsAre(Not(HasSubstr("--time"))));
}

TEST(SubmitRequest, RefusesAMemoryThatSlurmWouldNotRead) {
  CliOptions options = typed();
  options.slurm.memory = "lots";
  EXPECT_THAT(refusal_of(options, gpu_nodes()), AllOf(HasSubstr("--mem 'lots'"), HasSubstr("64G")));
}

TEST(SubmitRequest, HandsOnOnlyOptionsThatAreNotItsOwn) {
  CliOptions options = typed();
  options.slurm.more = {"--qos=night"};
  EXPECT_THAT(batch_job_of(options, gpu_nodes(), kTalk, here()).directives, ElementsAre("--qos=night"));
  options.slurm.more = {"--qos=night", "--signal=B:TERM@60"};
  EXPECT_THAT(refusal_of(options, gpu_nodes()), AllOf(HasSubstr("--signal"), HasSubstr("--warn-before")));
}

TEST(SubmitRequest, RefusesAWarningBeforeTheStart) {
  CliOptions options = typed();
  options.slurm.time_limit = "2";
  EXPECT_THAT(refusal_of(options, gpu_nodes()), AllOf(HasSubstr("120 s"), HasSubstr("--warn-before")));
}

TEST(SubmitInventory, HasEveryNodeWithItsRanks) {
  CliOptions options = typed();
  options.slurm.nodes = 2;
  options.slurm.gpus_per_node = 2;
  const Profile profile = gpu_nodes();
  const auto inventory = inventory_of(batch_job_of(options, profile, kTalk, here()), profile);
  ASSERT_THAT(inventory.hosts, SizeIs(2));
  EXPECT_THAT(inventory.hosts[1].gpus, SizeIs(2));
  EXPECT_THAT(inventory.hosts[1].ranks, ElementsAre(RankId{2}, RankId{3}));
}

TEST(SubmitAdvice, NamesWhatOnlyThePartitionDecides) {
  const Profile profile = gpu_nodes();
  const auto advice = advice_on(batch_job_of(typed(), profile, kTalk, here()), profile, 60);
  ASSERT_THAT(advice, SizeIs(1));
  EXPECT_THAT(advice[0], AllOf(HasSubstr("4x24gb"), HasSubstr("--time"), HasSubstr("--cpus-per-task"),
                               HasSubstr("--mem"), HasSubstr("slurm:")));
}

TEST(SubmitAdvice, SaysThatANightIsTooShort) {
  Profile profile = gpu_nodes();
  profile.slurm = {"", "", "01:02:00", 4, kGibibyte};
  const BatchJob job = batch_job_of(typed(), profile, kTalk, here());
  EXPECT_THAT(advice_on(job, profile, 3600), IsEmpty());
  const auto advice = advice_on(job, profile, 2.5 * 3600);
  ASSERT_THAT(advice, SizeIs(1));
  EXPECT_THAT(advice[0], AllOf(HasSubstr("about 3 times"), Not(HasSubstr("--mem"))));
}

}  // namespace
}  // namespace longtake
