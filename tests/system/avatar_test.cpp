// Films of the model: real engines with a checkpoint of random weights, alone and in groups.
#include <gmock/gmock.h>
#include <signal.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "tests/system/support/attempts.h"
#include "tests/system/support/avatar.h"
#include "tests/system/support/database.h"
#include "tests/system/support/files.h"
#include "tests/system/support/film.h"
#include "tests/system/support/moments.h"
#include "tests/system/support/waiting.h"

namespace longtake {
namespace {

namespace fs = std::filesystem;
using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;

constexpr const char* kChained = "continuity: chained\nsegment_clips: 2\n";
constexpr int kSegments = 10;

struct Film {
  std::string picture;
  std::map<std::string, std::string> carries;
  friend bool operator==(const Film& a, const Film& b) {
    return a.picture == b.picture && a.carries == b.carries;
  }
};

Film film_of(const Project& project) {
  return {picture_md5(project.film("talk")), carries_of(project, "talk")};
}

void run_well(const Project& project, const std::string& ranks) {
  const Ended ended = project.run({"talk"}, {"--ranks", ranks});
  ASSERT_EQ(ended.exit_code, 0) << ended.out << ended.err;
  ASSERT_EQ(tracks_of(project.film("talk")).picture.frames, kAvatarFrames);
}

nlohmann::json report_of(const Project& project) {
  return nlohmann::json::parse(read_file(project.job("talk") / "report.json"));
}

/// A chained film that nothing disturbed, made by one engine.
const Film& undisturbed_film() {
  static const Film film = [] {
    Project project;
    add_avatar_job(project, "talk", kChained);
    run_well(project, "1");
    EXPECT_EQ(report_of(project).at("layout"), "single");
    return film_of(project);
  }();
  return film;
}

TEST(Avatar, OneChainIsTheSameFilmOnOneTwoAndFourRanks) {
  EXPECT_THAT(undisturbed_film().carries, SizeIs(kSegments));
  for (const std::string ranks : {"2", "4"}) {
    Project project;
    add_avatar_job(project, "talk", kChained);
    run_well(project, ranks);
    EXPECT_EQ(report_of(project).at("layout"), "layers x " + ranks);
    EXPECT_EQ(film_of(project), undisturbed_film()) << ranks << " ranks";
  }
}

TEST(Avatar, TheLengthOfASegmentDoesNotDependOnTheRanks) {
  for (const std::string ranks : {"1", "2"}) {
    Project project;
    add_avatar_job(project, "talk", "continuity: chained\n");
    run_well(project, ranks);
    EXPECT_EQ(query_number(project.database(), "SELECT segment_clips FROM jobs"), 20);
  }
}

TEST(Avatar, RangesKeepTheirFilmOnOtherRanks) {
  Project project;
  add_avatar_job(project, "talk", "continuity: parallel\nsegment_clips: 4\n");
  run_well(project, "2");
  EXPECT_EQ(report_of(project).at("layout"), "single");
  EXPECT_EQ(query_number(project.database(), "SELECT count(*) FROM ranges"), 2);
  const Film before = film_of(project);
  for (const std::string ranks : {"1", "4"}) {
    ASSERT_EQ(project.longtake({"redo", "talk", "--clips", "0:20", "--work-dir", "work"}).exit_code, 0);
    run_well(project, ranks);
    EXPECT_EQ(film_of(project), before) << ranks << " ranks";
  }
}

TEST(Avatar, SlatesAreMadeByTheSameGroups) {
  Project project;
  add_avatar_job(project, "talk", kChained);
  project.add_job("look", Recording().tone(4), "continuity: chained\nsegment_clips: 1\n");
  const Ended ended = project.run({"talk", "look"}, {"--ranks", "2"});
  ASSERT_EQ(ended.exit_code, 0) << ended.out << ended.err;
  EXPECT_EQ(strip_numbers(project.film("look")), whole_film(100));
  EXPECT_EQ(film_of(project), undisturbed_film());
}

TEST(Avatar, LogsTellWhereTimeAndMemoryWent) {
  Project project;
  add_avatar_job(project, "talk", kChained);
  run_well(project, "2");
  const std::string log = read_file(project.job("talk") / "logs/inference.log");
  EXPECT_THAT(log, HasSubstr("clips 18:20: 24 frames in "));
  EXPECT_THAT(log, HasSubstr("on rank 0, stage 1 of 2 (layers 0:2), cpu fp32: "));
  EXPECT_THAT(log, HasSubstr("on rank 1, stage 2 of 2 (layers 2:4), cpu fp32: "));
  EXPECT_THAT(log, HasSubstr("step 1 "));
  const std::string memory = read_file(project.job("talk") / "logs/gpu_memory.csv");
  EXPECT_THAT(memory, StartsWith("time_s,rank,device,allocated_bytes,reserved_bytes,used_bytes\n"));
  EXPECT_EQ(std::count(memory.begin(), memory.end(), '\n'), 1 + 2 * kSegments);
  const auto info = nlohmann::json::parse(read_file(project.job("talk") / "outputs/debug_info.json"));
  EXPECT_EQ(info.at("layout"), "layers x 2");
  EXPECT_EQ(info.at("precision"), "fp32");
  ASSERT_THAT(info.at("engines"), SizeIs(2));
  for (const auto& engine : info.at("engines")) {
    EXPECT_EQ(engine.at("segments"), kSegments);
    EXPECT_GT(engine.at("used_bytes"), 0);
    EXPECT_GT(engine.at("predicted_bytes"), 0);
    EXPECT_NE(engine.at("peak").at("moment"), "") << "when it was at its largest";
  }
}

// Memory.

TEST(AvatarMemory, ThatWasTooLittleForALayoutInAnEarlierRunLeadsToAnotherOneAtOnce) {
  Project project;
  add_avatar_job(project, "talk", "continuity: parallel\nsegment_clips: 10\n");
  run_well(project, "2");
  ASSERT_EQ(report_of(project).at("layout"), "single");
  const Film before = film_of(project);
  const std::string predicted = report_of(project).at("peak_bytes_predicted").dump();
  change_database(project.database(),
                  "INSERT INTO shortages(job_id, epoch, layout, height, width, predicted_bytes, at) "
                  "VALUES(1, 1, 'single', 64, 64, " +
                      predicted + ", 'then')");
  ASSERT_EQ(project.longtake({"redo", "talk", "--clips", "0:20", "--work-dir", "work"}).exit_code, 0);
  run_well(project, "2");
  EXPECT_EQ(report_of(project).at("layout"), "layers x 2");
  EXPECT_EQ(film_of(project), before);
}

// Kills.

/// SIGKILL while segments are made; run again until the film is there. Returns how the killed run ended.
Ended expect_same_film_after_kill_of(const Victim& victim) {
  Project project;
  add_avatar_job(project, "talk", kChained);
  Process run = project.start_run({"talk"}, {"--ranks", "2"});
  const auto process =
      wait_for({Phase::Generating, std::chrono::milliseconds(70)}, victim, project, "talk", run);
  if (!process) throw std::runtime_error("nothing to kill: " + run.out() + run.err());
  const auto scheduler = nlohmann::json::parse(read_file(project.work_dir() / "scheduler.json"));
  const fs::path meetings = scheduler.at("meetings").get<std::string>();
  EXPECT_TRUE(fs::exists(meetings));
  ::kill(process->pid, SIGKILL);
  const Ended killed = run.wait();
  EXPECT_TRUE(becomes_true([&] { return processes_of(run.tag()).empty(); }))
      << "left over: " << describe(processes_of(run.tag()));
  EXPECT_THAT(killed.exit_code, AnyOf(0, 75)) << killed.out << killed.err;
  if (killed.exit_code != 0) {
    const Ended again = project.run({"talk"}, {"--ranks", "2"});
    EXPECT_EQ(again.exit_code, 0) << again.out << again.err;
  }
  EXPECT_EQ(film_of(project), undisturbed_film());
  EXPECT_THAT(needless_attempts(project.database()), IsEmpty());
  EXPECT_THAT(names_in(project.segments("talk"), ".part"), IsEmpty());
  EXPECT_FALSE(fs::exists(meetings)) << meetings;
  return killed;
}

TEST(AvatarKill, OfTheFirstEngineOfAGroupGivesTheSameFilm) {
  expect_same_film_after_kill_of({Role::Engine, 0});
}

TEST(AvatarKill, OfTheLastEngineOfAGroupGivesTheSameFilm) {
  expect_same_film_after_kill_of({Role::Engine, 1});
}

TEST(AvatarKill, OfARankOfAGroupLeavesTheOtherWhichMakesTheSameFilmAlone) {
  const Ended killed = expect_same_film_after_kill_of({Role::Rank, 1});
  EXPECT_EQ(killed.exit_code, 0) << killed.out;
  EXPECT_THAT(killed.err, HasSubstr("goes on with rank 0"));
}

TEST(AvatarKill, OfTheSchedulersProcessGivesTheSameFilm) { expect_same_film_after_kill_of({Role::Rank, 0}); }

TEST(AvatarKill, OfMpirunGivesTheSameFilm) { expect_same_film_after_kill_of({Role::Mpirun}); }

// Drains.

/// Each run but the last is drained in the middle of a segment, and is one of the next number of ranks.
void expect_same_film_after_drains(const std::vector<std::string>& ranks) {
  constexpr const char* kLongSegments = "continuity: chained\nsegment_clips: 10\n";
  constexpr int kMostStops = 12;
  Project calm;
  add_avatar_job(calm, "talk", kLongSegments);
  run_well(calm, "1");
  Project project;
  add_avatar_job(project, "talk", kLongSegments);
  int kept = 0;
  for (int stop = 1; stop <= kMostStops && kept < 2; ++stop) {
    Process run =
        project.start_run({"talk"}, {"--ranks", ranks[static_cast<std::size_t>(stop) % ranks.size()]});
    ASSERT_TRUE(
        becomes_true([&] { return run.is_over() || !names_in(project.segments("talk"), ".part").empty(); }));
    std::this_thread::sleep_for(std::chrono::milliseconds(100 * stop));
    run.signal(SIGUSR1);
    ASSERT_THAT(run.wait().exit_code, AnyOf(0, 75)) << run.err();
    kept += names_in(project.segments("talk"), ".unfinished.safetensors").empty() ? 0 : 1;
  }
  EXPECT_GT(kept, 0) << "it was never stopped in the middle of a segment";
  EXPECT_GT(query_number(project.database(),
                         "SELECT (SELECT sum(progress) FROM run) - "
                         "(SELECT count(*) FROM attempts WHERE state='finished')"),
            0)
      << "what was kept counts as progress";
  run_well(project, ranks.front());
  EXPECT_EQ(film_of(project), film_of(calm));
  EXPECT_THAT(names_in(project.segments("talk"), ".unfinished.safetensors"), IsEmpty());
  EXPECT_EQ(query_number(project.database(), "SELECT count(*) FROM attempts WHERE state='failed'"), 0);
}

TEST(AvatarDrain, WhatItStopsIsGoneOnWithAndGivesTheSameFilm) { expect_same_film_after_drains({"1"}); }

TEST(AvatarDrain, WhatItStopsOfAGroupAnotherGroupGoesOnWith) {
  expect_same_film_after_drains({"1", "2", "4"});
}

// Checkpoints.

TEST(AvatarCheckpoint, OfOtherContentIsRefusedByName) {
  Project project;
  fs::copy(small_checkpoint(), project.file("model"), fs::copy_options::recursive);
  add_avatar_job(project, "talk", std::string(kChained) + "model: model\n");
  run_well(project, "2");
  const auto before = tree_of(project.work_dir());
  flip_middle(project.file("model/diffusion_pytorch_model.safetensors"), 1);
  const Ended ended = project.run({"talk"}, {"--ranks", "2"});
  EXPECT_EQ(ended.exit_code, 2);
  EXPECT_THAT(ended.err, HasSubstr("the checkpoint has other content"));
  EXPECT_EQ(tree_of(project.work_dir()), before);
}

TEST(AvatarCheckpoint, OfTheSameContentElsewhereGoesOn) {
  Project project;
  fs::copy(small_checkpoint(), project.file("model"), fs::copy_options::recursive);
  add_avatar_job(project, "talk", std::string(kChained) + "model: model\n");
  run_well(project, "2");
  fs::rename(project.file("model"), project.file("elsewhere"));
  add_avatar_job(project, "talk", std::string(kChained) + "model: elsewhere\n");
  run_well(project, "2");
  EXPECT_EQ(query_number(project.database(), "SELECT count(*) FROM attempts"), kSegments);
}

TEST(AvatarCheckpoint, OtherSegmentLengthsAreAnotherFilm) {
  Project project;
  add_avatar_job(project, "talk", kChained);
  run_well(project, "2");
  add_avatar_job(project, "talk", "continuity: chained\nsegment_clips: 4\n");
  const Ended ended = project.run({"talk"}, {"--ranks", "2"});
  EXPECT_EQ(ended.exit_code, 2);
  EXPECT_THAT(ended.err, HasSubstr("segment_clips was 2 and is now 4"));
}

// Only the picture's presence is looked at here: how well it talks is measured by the trainer.
TEST(AvatarCheckpoint, ThatIsNotGivenIsTheBundledOneAtItsSize) {
  Project project;
  write_file(project.file("talk.wav"), Recording().speech(2).wav());
  project.add_job_file("talk", "prompt: A person speaks.\nimage: face.png\naudio: talk.wav\n");
  const Ended ended = project.run({"talk"});
  ASSERT_EQ(ended.exit_code, 0) << ended.out << ended.err;
  const nlohmann::json report = report_of(project);
  EXPECT_EQ(report.at("engine"), "liveavatar");
  EXPECT_EQ(report.at("width"), 128);
  EXPECT_EQ(report.at("height"), 128);
  EXPECT_EQ(tracks_of(project.film("talk")).picture.frames, 50);
}

TEST(AvatarCheckpoint, OfAnotherTrainedSizeIsAdvisedAgainstAndLeftAsAsked) {
  Project project;
  write_file(project.file("talk.wav"), Recording().speech(2).wav());
  project.add_job_file("talk", "prompt: A person speaks.\nimage: face.png\naudio: talk.wav\nsize: 64*64\n");
  const Ended checked = project.longtake({"check", "talk.yaml"});
  const Ended ended = project.run({"talk"});
  ASSERT_EQ(ended.exit_code, 0) << ended.out << ended.err;
  const std::string advice = "size 64*64 is not what the model was trained at";
  EXPECT_THAT(checked.out, HasSubstr(advice));
  EXPECT_THAT(ended.err, HasSubstr(advice));
  EXPECT_EQ(report_of(project).at("width"), 64);
}

TEST(AvatarCheckpoint, ThatIsNoneIsRefusedBeforeAnythingIsWritten) {
  Project project;
  fs::create_directories(project.file("model"));
  for (const std::string model : {"model", "nowhere"}) {
    add_avatar_job(project, "talk", std::string(kChained) + "model: " + model + "\n");
    const Ended ended = project.run({"talk"}, {"--ranks", "1"});
    EXPECT_EQ(ended.exit_code, 2);
    EXPECT_THAT(ended.err, HasSubstr("talk.yaml:"));
    EXPECT_THAT(ended.err, HasSubstr(project.file(model).string()));
    EXPECT_FALSE(fs::exists(project.work_dir()));
  }
}

}  // namespace
}  // namespace longtake
