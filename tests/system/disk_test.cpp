// Disks that are full, read-only or not there.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "tests/system/support/attempts.h"
#include "tests/system/support/database.h"
#include "tests/system/support/files.h"
#include "tests/system/support/film.h"
#include "tests/system/support/process_tree.h"
#include "tests/system/support/project.h"
#include "tests/system/support/small_disk.h"
#include "tests/system/support/waiting.h"

namespace longtake {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAreArray;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::int64_t kFrames = 4800;
constexpr std::size_t kRoomForAll = 48 << 20;

class Disk : public ::testing::Test {
 protected:
  Disk() {
    project_.add_job("talk", Recording().tone(kFrames / 25.0),
                     "infer_frames: 24\nsegment_clips: 1\ncontinuity: parallel\n");
  }

  void expect_finished(const Ended& ended) {
    EXPECT_EQ(ended.exit_code, 0) << ended.out << ended.err;
    EXPECT_THAT(strip_numbers(project_.film("talk")), ElementsAreArray(whole_film(kFrames)));
    EXPECT_THAT(needless_attempts(project_.database()), IsEmpty());
    EXPECT_EQ(query_number(project_.database(), "SELECT count(*) FROM segments WHERE state != 'finished'"),
              0);
    EXPECT_THAT(names_in(project_.segments("talk"), ".part"), IsEmpty());
  }

  bool has_made_segments() const { return names_in(project_.segments("talk"), ".mp4").size() > 3; }
  static bool says(const Process& run, const std::string& what) {
    return run.err().find(what) != std::string::npos;
  }

  Project project_;
};

TEST_F(Disk, AFullWorkDirectoryPausesTheRunUntilThereIsRoom) {
  if (!SmallDisk::can_mount()) GTEST_SKIP() << "only root can mount a small disk";
  SmallDisk disk(project_.work_dir(), kRoomForAll);
  Process run = project_.start_run({"talk"}, {"--ranks", "2"});
  ASSERT_TRUE(becomes_true([&] { return has_made_segments() || run.is_over(); }));
  disk.fill();
  ASSERT_TRUE(becomes_true([&] { return says(run, "the disk is full") || run.is_over(); }));
  EXPECT_FALSE(run.is_over()) << run.err();
  const Ended explained = project_.longtake({"explain", "talk", "--work-dir", "work"});
  EXPECT_THAT(explained.out, HasSubstr("make room")) << explained.err;
  disk.make_room();
  expect_finished(run.wait());
  EXPECT_TRUE(says(run, "the disk has room again")) << run.err();
  EXPECT_EQ(query_number(project_.database(), "SELECT count(*) FROM jobs WHERE state='done'"), 1);
}

TEST_F(Disk, ARunEndsWhenItsDiskStaysFullAndALaterOneGoesOn) {
  if (!SmallDisk::can_mount()) GTEST_SKIP() << "only root can mount a small disk";
  SmallDisk disk(project_.work_dir(), kRoomForAll);
  write_file(project_.file("impatient.yaml"),
             "description: A machine without GPUs and without patience\ndevice: cpu\ncpu_slots_per_node: 2\n"
             "host_bytes_per_slot: 2147483648\nslate_megapixels_per_s: 40\nlargest_size: 1920*1080\n"
             "timeouts:\n  load_s: 60\n  first_block_s: 60\n  block_s: 60\n  disk_full_s: 2\n");
  const std::vector<std::string> options = {"--ranks", "2", "--profile", "impatient.yaml"};
  Process run = project_.start_run({"talk"}, options);
  ASSERT_TRUE(becomes_true([&] { return has_made_segments() || run.is_over(); }));
  disk.fill();
  const Ended ended = run.wait();
  EXPECT_EQ(ended.exit_code, 75) << ended.out << ended.err;
  EXPECT_THAT(ended.out, HasSubstr("the disk stayed full")) << ended.err;
  EXPECT_THAT(processes_of(run.tag()), IsEmpty()) << describe(processes_of(run.tag()));
  EXPECT_FALSE(std::filesystem::exists(project_.film("talk")));
  disk.make_room();
  expect_finished(project_.run({"talk"}, options));
}

TEST_F(Disk, AWorkDirectoryWithoutRoomForTheInputsIsRefused) {
  if (!SmallDisk::can_mount()) GTEST_SKIP() << "only root can mount a small disk";
  const SmallDisk disk(project_.work_dir(), 1 << 20);
  const Ended ended = project_.run({"talk"}, {"--ranks", "1"});
  EXPECT_EQ(ended.exit_code, 2) << ended.out;
  EXPECT_THAT(ended.err, HasSubstr("No space left on device"));
  EXPECT_THAT(tree_of(project_.work_dir()), IsEmpty());
}

TEST_F(Disk, AReadOnlyWorkDirectoryIsRefused) {
  if (!SmallDisk::can_mount()) GTEST_SKIP() << "only root can mount a disk";
  SmallDisk disk(project_.work_dir(), kRoomForAll);
  disk.make_read_only();
  const Ended ended = project_.run({"talk"}, {"--ranks", "1"});
  EXPECT_EQ(ended.exit_code, 2) << ended.out;
  EXPECT_THAT(ended.err, AllOf(HasSubstr(project_.work_dir().string()), HasSubstr("--work-dir")));
  EXPECT_THAT(tree_of(project_.work_dir()), IsEmpty());
}

TEST_F(Disk, AFinishedWorkDirectoryThatIsReadOnlyNowIsRefusedAndStaysReadable) {
  if (!SmallDisk::can_mount()) GTEST_SKIP() << "only root can mount a disk";
  SmallDisk disk(project_.work_dir(), kRoomForAll);
  expect_finished(project_.run({"talk"}, {"--ranks", "2"}));
  disk.make_read_only();
  const Ended ended = project_.run({"talk"}, {"--ranks", "1"});
  EXPECT_EQ(ended.exit_code, 2) << ended.out << ended.err;
  EXPECT_THAT(ended.err, HasSubstr(project_.work_dir().string()));
  const Ended status = project_.longtake({"status", "--json", "--work-dir", "work"});
  EXPECT_EQ(status.exit_code, 0) << status.err;
  EXPECT_EQ(nlohmann::json::parse(status.out).at("jobs")[0].at("state"), "done");
}

TEST_F(Disk, AWorkDirectoryThatCannotBeIsRefused) {
  const Ended ended = project_.longtake({"run", "talk.yaml", "--work-dir", "talk.wav/work"});
  EXPECT_EQ(ended.exit_code, 2) << ended.out;
  EXPECT_THAT(ended.err, AllOf(HasSubstr("talk.wav/work"), HasSubstr("--work-dir")));
}

TEST_F(Disk, AnOutputThatCannotBeWrittenIsRefused) {
  project_.add_job("talk", Recording().tone(2), "output: talk.wav/film.mp4\n");
  const Ended ended = project_.run({"talk"}, {"--ranks", "1"});
  EXPECT_EQ(ended.exit_code, 2) << ended.out << ended.err;
  EXPECT_THAT(ended.err, HasSubstr("talk.wav/film.mp4"));
}

}  // namespace
}  // namespace longtake
