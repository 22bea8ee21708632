// SIGKILL at random moments, to everything a run consists of: the film stays the same, and no finished
// segment is made twice.
#include <gmock/gmock.h>
#include <signal.h>

#include <future>
#include <thread>

#include "tests/system/support/attempts.h"
#include "tests/system/support/files.h"
#include "tests/system/support/film.h"
#include "tests/system/support/moments.h"
#include "tests/system/support/project.h"
#include "tests/system/support/waiting.h"

namespace longtake {
namespace {

using ::testing::AnyOf;
using ::testing::ElementsAreArray;
using ::testing::IsEmpty;

constexpr int kKills = 20;
constexpr const char* kJob = "talk";
constexpr std::int64_t kFrames = 2000;
/// A rank gives a silent scheduler up after 10 s; then its engine and itself have to end.
constexpr std::chrono::seconds kNothingLeftAfter{14};
constexpr std::chrono::seconds kRunLimit{60};
/// So many runs without a kill mean that a moment never comes.
constexpr int kMostMissed = 10;

/// Many small segments, so that every moment is near a commit.
void add_talk(Project& project) {
  static const Recording recording = Recording().speech(kFrames / 25);
  project.add_job(kJob, recording, "infer_frames: 24\nsegment_clips: 1\ncontinuity: parallel\n");
  // A start whose rank was killed ends when its others have waited for so long; 30 s as people have it.
  project.set_variable("LONGTAKE_START_LIMIT_S", "8");
}

/// Of a film that was made without a fault, on two ranks.
const std::string& undisturbed_picture() {
  static const std::string md5 = [] {
    Project project;
    add_talk(project);
    const Ended ended = project.run({kJob}, {"--ranks", "2"});
    EXPECT_EQ(ended.exit_code, 0) << ended.err;
    return picture_md5(project.film(kJob));
  }();
  return md5;
}

void expect_nothing_left(const Process& run) {
  EXPECT_TRUE(becomes_true([&] { return processes_of(run.tag()).empty(); }, kNothingLeftAfter))
      << "left over: " << describe(processes_of(run.tag()));
}

/// Runs again until the film is there and compares it.
void expect_same_film_in_the_end(const Project& project, const std::string& ranks) {
  constexpr int kMostRuns = 3;
  Ended ended;
  for (int run = 0; run < kMostRuns && (run == 0 || ended.exit_code != 0); ++run) {
    ended = project.run({kJob}, {"--ranks", ranks});
  }
  ASSERT_EQ(ended.exit_code, 0) << ended.out << ended.err;
  EXPECT_THAT(strip_numbers(project.film(kJob)), ElementsAreArray(whole_film(kFrames)));
  EXPECT_EQ(picture_md5(project.film(kJob)), undisturbed_picture());
  EXPECT_THAT(needless_attempts(project.database()), IsEmpty());
  EXPECT_THAT(names_in(project.segments(kJob), ".part"), IsEmpty());
}

/// One kill after the other in the same work directory. When its film is done before the next moment has
/// come, that film is judged and a new one begun.
void kill_runs(const std::vector<Moment>& moments, const Victim& victim) {
  auto project = std::make_unique<Project>();
  add_talk(*project);
  for (const Moment& moment : moments) {
    SCOPED_TRACE(describe(moment));
    bool is_killed = false;
    for (int missed = 0; !is_killed; ++missed) {
      ASSERT_LT(missed, kMostMissed);
      Process run = project->start_run({kJob}, {"--ranks", "2"});
      const auto process = wait_for(moment, victim, *project, kJob, run);
      if (process) ::kill(process->pid, SIGKILL);
      const Ended ended = run.wait(kRunLimit);
      ASSERT_THAT(ended.exit_code, AnyOf(0, 75, 93)) << ended.out << ended.err;
      expect_nothing_left(run);
      is_killed = process.has_value();
      if (ended.exit_code != 0) continue;
      expect_same_film_in_the_end(*project, "2");
      project = std::make_unique<Project>();
      add_talk(*project);
    }
  }
  expect_same_film_in_the_end(*project, "2");
}

/// `moments` dealt to lanes that work at the same time, each in its own work directory.
template <class Work>
void in_lanes(std::size_t lanes, const std::vector<Moment>& moments, Work work) {
  undisturbed_picture();
  std::vector<std::future<void>> running;
  for (std::size_t lane = 0; lane < lanes; ++lane) {
    std::vector<Moment> own;
    for (std::size_t i = lane; i < moments.size(); i += lanes) own.push_back(moments[i]);
    running.push_back(std::async(std::launch::async, work, own));
  }
  for (auto& lane : running) lane.get();
}

TEST(Kill, OfMpirunLosesNothing) {
  in_lanes(2, random_moments(kKills, 1),
           [](const std::vector<Moment>& moments) { kill_runs(moments, {Role::Mpirun}); });
}

TEST(Kill, OfTheSchedulersProcessLosesNothing) {
  // Mostly waiting for the other rank to give the scheduler up, hence many lanes.
  in_lanes(7, random_moments(kKills, 2), [](const std::vector<Moment>& moments) {
    kill_runs(moments, {Role::Rank, 0});
  });
}

/// Kills during one run, each when a segment was made since the last one; the run goes on by itself.
void kill_within_runs(const std::vector<Moment>& moments, const std::vector<Victim>& victims,
                      const std::string& ranks) {
  std::size_t next = 0;
  for (int missed = 0; next < moments.size();) {
    Project project;
    add_talk(project);
    Process run = project.start_run({kJob}, {"--ranks", ranks});
    std::string trace;
    for (std::size_t v = 0; v < victims.size() && next < moments.size(); ++v) {
      const auto process = wait_for(moments[next], victims[v], project, kJob, run);
      if (!process) break;
      ::kill(process->pid, SIGKILL);
      trace += describe({*process}) + " at " + describe(moments[next++]) + "\n";
    }
    missed = trace.empty() ? missed + 1 : 0;
    ASSERT_LT(missed, kMostMissed) << describe(moments[next]);
    SCOPED_TRACE(trace);
    const Ended ended = run.wait(kRunLimit);
    EXPECT_THAT(ended.exit_code, AnyOf(0, 75, 93)) << ended.out << ended.err;
    expect_nothing_left(run);
    expect_same_film_in_the_end(project, ranks);
  }
}

TEST(Kill, OfARankDoesNotEndTheRun) {
  in_lanes(4, random_moments(kKills, 3), [](const std::vector<Moment>& moments) {
    kill_within_runs(moments, {{Role::Rank, 1}, {Role::Rank, 2}}, "3");
  });
}

TEST(Kill, OfAnEngineDoesNotEndTheRun) {
  in_lanes(2, random_moments(kKills, 4), [](const std::vector<Moment>& moments) {
    // Two in a run: a third might hit the same segment, and its job fails after three tries.
    kill_within_runs(moments, {{Role::Engine, 0}, {Role::Engine, 1}}, "2");
  });
}

}  // namespace
}  // namespace longtake
