#include "scheduler/failure_advice.h"

#include <gmock/gmock.h>

#include "scheduler/no_progress.h"
#include "tests/scheduler/core_run.h"

namespace longtake {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

struct Case {
  const char* message;
  const char* cause;
  const char* remedy;
};

/// As ranks, engines, the core and the store write them.
constexpr Case kCases[] = {
    {"clips 8:16 failed on rank 1: the engine slate ended while it was making a segment: killed by signal 9 "
     "(SIGKILL)",
     "Something killed the engine", "dmesg"},
    {"the engine liveavatar ended while it was making a segment: exit code 3", "crashed", "printed"},
    {"the engine liveavatar ended while it was starting: exit code 127", "before it is ready",
     "longtake doctor"},
    {"the engine liveavatar was not ready 900 s after its start", "longer to start", "load_s"},
    {"no progress for 60 s after 24 frames", "hung", "longtake doctor"},
    {"the engine slate did not stop within 5 s", "did not give up", "by itself"},
    {"failed: clips 0:20: no memory left for a segment of 704x384", "less memory", "longtake plan"},
    {"news ran out of memory at 704*384, goes on at 640*384 in the next run (on_oom: smaller_size); run "
     "again to "
     "go on",
     "allows a smaller one", "the next run"},
    {"CUDA out of memory. Tried to allocate 2.00 GiB", "less memory", "smaller size"},
    {"clips 0:8: group 0 on node1 could not connect its engines: NCCL error: unhandled system error; trying "
     "without peer-to-peer and InfiniBand",
     "in the fast way", "longtake doctor"},
    {"cannot open the group's socket /tmp/longtake-meet-a/7/0: Address already in use",
     "could not open the sockets", "/tmp"},
    {"NCCL error: unhandled system error", "could not reach each other", "longtake doctor"},
    {"the disk is full, nothing new is started until there is room: cannot write a.mp4.part: No space left "
     "on "
     "device",
     "disk of the work directory is full", "Make room"},
    {"drained (the disk stayed full: cannot write a.mp4.part: Disk quota exceeded); run again to go on",
     "disk of the work directory is full", "Make room"},
    {"cannot write c000008-000016.mp4.part: Input/output error", "disk or the network file system",
     "look at the disk"},
    {"rank 2 on node17 is gone: nothing heard for 3 s", "died, or lost the network", "Look at that machine"},
    {"rank 2 on node17 is gone: its connection has ended and it does not come back",
     "died, or lost the network", "Look at that machine"},
    {"rank 0 on node1 is gone: the process that started it is gone", "killed from outside", "Run again"},
    {"its run was killed", "killed from outside", "finished segments are kept"},
    {"its rank started over", "joined again", "tried again"},
    {"group 1 on node17 failed 3 segments in a row and is not used any more in this run", "left out",
     "longtake doctor"},
    {"group 1 on node17 lost its attempt 5 times in a row and is not used any more in this run",
     "out of reach again and again", "longtake doctor"},
    {"group 2 on node17 could not start its engine 3 times in a row and is not used any more in this run",
     "before it is ready", "longtake doctor"},
    {"no rank is left; run again to go on", "Every machine", "run again"},
    {"clips 8:16 are made again: it is 740 bytes long, 1024 were written", "no longer held", "made again"},
    {"joining failed: film a.mp4 did not verify: it has 47 frames of 48", "disk", "disk"},
    {"clips 8:16 failed on rank 1: the engine made 47 frames of 48", "wrong number of frames",
     "install it anew"},
    {"the engine slate speaks engine protocol 99, this rank speaks 5: install both from the same release",
     "another release", "same release"},
    {"draining (signal USR1): nothing new is started", "asked to stop", "Run again"},
    {"the time ends at 06:00: clips 8:16 of news need about 4 min", "time that the batch system gave",
     "submit again"},
};

TEST(FailureAdvice, HasACauseAndARemedyForEveryKindOfFailure) {
  for (const Case& known : kCases) {
    const auto advice = advice_on(known.message);
    ASSERT_TRUE(advice) << known.message;
    EXPECT_THAT(advice->cause, HasSubstr(known.cause)) << known.message;
    EXPECT_THAT(advice->remedy, HasSubstr(known.remedy)) << known.message;
  }
}

TEST(FailureAdvice, IsSentences) {
  for (const Case& known : kCases) {
    for (const std::string& sentence : {advice_on(known.message)->cause, advice_on(known.message)->remedy}) {
      EXPECT_TRUE(sentence.front() >= 'A' && sentence.front() <= 'Z') << sentence;
      EXPECT_EQ(sentence.back(), '.') << sentence;
    }
  }
}

TEST(FailureAdvice, IsNotGivenOnWhatWentWell) {
  for (const char* message :
       {"run 3 started with 2 ranks", "done: 480 frames, 19.20 s: talk.mp4",
        "resumed: 4 finished segments verified and kept", "the disk has room again, going on",
        "all jobs are done", "redo: clips 0:42 are to be made again"}) {
    EXPECT_FALSE(advice_on(message)) << message;
  }
}

/// Everything that the core may write into the events table when something goes wrong.
TEST(FailureAdvice, CoversEveryEventOfTheCoresFaults) {
  std::vector<Change> changes;
  const auto keep = [&](CoreRun& run) {
    changes.insert(changes.end(), run.changes().begin(), run.changes().end());
  };
  for (const ErrorKind kind : {ErrorKind::DeviceLost, ErrorKind::Io}) {
    CoreRun run({make_job(1, {{8}})}, single_ranks(2));
    run.start();
    for (int i = 0; i < 12 && !run.exit_code(); ++i) {
      for (const int rank : {0, 1}) {
        if (run.has_order(rank)) run.fail(rank, kind, "the engine slate ended while it was making a segment");
      }
      run.wait(2500);
    }
    keep(run);
  }
  CoreRun starts({make_job(1, {{8, 8}})}, single_ranks(1));
  starts.start();
  for (int i = 0; i < 3; ++i) starts.fail_start(0);
  keep(starts);
  CoreRun silence({make_job(1, {{8, 8}})}, single_ranks(1));
  silence.start();
  silence.tick_after(4000);
  silence.tick_after(20000);
  keep(silence);
  CoreRun joins({make_job(1, {{8}})}, single_ranks(1));
  joins.start();
  joins.finish(0);
  joins.film_segment_bad(1, 0);
  joins.finish(0);
  for (int i = 0; i < 4; ++i) joins.film_failed(1, ErrorKind::Io);
  keep(joins);
  CoreRun drained({make_job(1, {{8}})}, single_ranks(1));
  drained.start();
  drained.disk_full();
  drained.disk_has_room();
  drained.drain();
  drained.give_up(0);
  keep(drained);

  std::vector<std::string> without;
  for (const Change& change : changes) {
    const auto* event = std::get_if<EventNoted>(&change);
    if (event == nullptr || event->text.find(" started with ") != std::string::npos) continue;
    const bool is_good = event->text.find("room again") != std::string::npos ||
                         event->text.find("jobs failed") != std::string::npos;
    if (!is_good && !advice_on(event->text)) without.push_back(event->text);
  }
  EXPECT_THAT(without, IsEmpty());
  EXPECT_TRUE(advice_on(no_progress_text({StoredRun{}}, {})));
}

}  // namespace
}  // namespace longtake
