#include "scheduler/doctor/work_folder.h"

#include <fstream>

#include "scheduler/doctor/clocks.h"
#include "tests/scheduler/doctor/finding_matchers.h"
#include "tests/temp_path.h"

namespace longtake {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kMounts =
    "22 1 254:0 / / rw,relatime - ext4 /dev/vda rw\n"
    "30 22 0:25 / /dev/shm rw - tmpfs tmpfs rw\n"
    "31 22 0:40 / /data rw shared:7 master:2 - nfs4 server:/data rw\n";

WorkFolderFacts local_disk() {
  WorkFolderFacts facts;
  facts.folder = facts.looked_at = "/films/longtake-work";
  facts.file_system = "ext4";
  facts.free_bytes = std::int64_t{100} << 30;
  facts.free_files = 1000000;
  facts.sync_ms = 1.5;
  facts.slowest_sync_ms = 4;
  facts.write_bytes_per_s = 500e6;
  return facts;
}

TEST(FileSystemType, IsThatOfTheInnermostMount) {
  EXPECT_EQ(file_system_type(kMounts, "/home/ann"), "ext4");
  EXPECT_EQ(file_system_type(kMounts, "/data/films"), "nfs4");
  EXPECT_EQ(file_system_type(kMounts, "/database"), "ext4");
  EXPECT_EQ(file_system_type("", "/data"), "");
}

TEST(MeasureWorkFolder, MeasuresAndLeavesNothing) {
  const fs::path folder = temp_path("measured");
  fs::create_directory(folder);
  const WorkFolderFacts facts = measure_work_folder(folder);
  EXPECT_THAT(facts.failure, IsEmpty());
  EXPECT_GT(facts.sync_ms, 0);
  EXPECT_GE(facts.slowest_sync_ms, facts.sync_ms);
  EXPECT_GT(facts.write_bytes_per_s, 0);
  EXPECT_GT(facts.free_bytes, 0);
  EXPECT_TRUE(fs::is_empty(folder));
}

TEST(MeasureWorkFolder, CreatesNoFolder) {
  const fs::path folder = temp_path("absent/work");
  const WorkFolderFacts facts = measure_work_folder(folder);
  EXPECT_EQ(facts.looked_at, folder.parent_path().parent_path());
  EXPECT_FALSE(fs::exists(folder.parent_path()));
  EXPECT_THAT(check_work_directory(facts).reason, HasSubstr("not there yet"));
}

TEST(MeasureWorkFolder, AFolderThatTakesNoFileIsAFailure) {
  const WorkFolderFacts facts = measure_work_folder("/proc/self");
  EXPECT_THAT(facts.failure, HasSubstr("cannot create a file"));
  EXPECT_THAT(check_work_directory(facts),
              AllOf(is_bad(HasSubstr("/proc/self")), with_remedy(HasSubstr("--work-dir"))));
  EXPECT_THAT(check_disk_speed(facts), is_not_applicable(HasSubstr("nothing can be written")));
}

TEST(CheckWorkDirectory, SaysTypeAndRoom) {
  EXPECT_THAT(check_work_directory(local_disk()),
              is_good("/films/longtake-work is on ext4, local, 100.00 GiB free"));
  WorkFolderFacts remote = local_disk();
  remote.file_system = "nfs4";
  remote.is_remote = true;
  EXPECT_THAT(check_work_directory(remote), is_good(HasSubstr("nfs4, a network file system")));
}

TEST(CheckWorkDirectory, LittleRoomIsAWarningAndNoneIsBad) {
  WorkFolderFacts facts = local_disk();
  facts.free_bytes = std::int64_t{5} << 30;
  EXPECT_THAT(check_work_directory(facts), is_warning(HasSubstr("5.00 GiB free")));
  facts.free_bytes = 100 << 20;
  EXPECT_THAT(check_work_directory(facts), is_bad(HasSubstr("100 MiB free")));
  facts = local_disk();
  facts.free_files = 3;
  EXPECT_THAT(check_work_directory(facts), is_bad(HasSubstr("3 files only")));
}

TEST(CheckWorkDirectory, WhatDoesNotLastIsAWarning) {
  WorkFolderFacts facts = local_disk();
  facts.file_system = "tmpfs";
  EXPECT_THAT(check_work_directory(facts), is_warning(HasSubstr("a reboot empties")));
  facts.file_system = "overlay";
  EXPECT_THAT(check_work_directory(facts), is_warning(HasSubstr("when the container goes")));
}

TEST(CheckDiskSpeed, SlowOnesAreSaidWithTheirFigures) {
  EXPECT_THAT(check_disk_speed(local_disk()),
              is_good("fsync takes 1.5 ms (slowest 4.0 ms), a large file is written at 500 MB/s"));
  WorkFolderFacts facts = local_disk();
  facts.sync_ms = 250;
  EXPECT_THAT(check_disk_speed(facts), is_warning(HasSubstr("250.0 ms")));
  facts.sync_ms = 3000;
  EXPECT_THAT(check_disk_speed(facts), is_bad(HasSubstr("hardly answers")));
  facts = local_disk();
  facts.write_bytes_per_s = 5e6;
  EXPECT_THAT(check_disk_speed(facts), is_warning(HasSubstr("5 MB/s")));
}

TEST(CheckClocks, OneHostIsComparedWithItsFileSystem) {
  WorkFolderFacts work = local_disk();
  const std::vector<RankAnswer> one_host = {{0, "node1", 0}, {1, "node1", 0.0001}};
  EXPECT_THAT(check_clocks(one_host, work), is_good(HasSubstr("one host; time stamps in /films")));
  work.clock_ahead_s = -12.5;
  EXPECT_THAT(check_clocks(one_host, work), is_warning(HasSubstr("12.500 s")));
}

TEST(CheckClocks, SeveralHostsAreComparedWithEachOther) {
  EXPECT_THAT(check_clocks({{0, "node1", 0}, {1, "node2", 0.002}}, {}),
              is_good(HasSubstr("2 hosts differ by up to 0.002 s")));
  EXPECT_THAT(
      check_clocks({{0, "node1", 0}, {1, "node2", -7}, {2, "node3", 0.1}}, {}),
      AllOf(is_warning(HasSubstr("7.000 s (node2 against node1)")), with_remedy(HasSubstr("chrony"))));
}

}  // namespace
}  // namespace longtake
