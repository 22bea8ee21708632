#include "rank/engine/transport/group_transport.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <thread>

#include "jobs/error.h"
#include "tests/error_of.h"
#include "tests/temp_path.h"

namespace longtake {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

/// Engines of one group in one process, each to be used by one thread.
class Transports : public testing::Test {
 protected:
  ~Transports() override { EXPECT_FALSE(fs::exists(meeting())); }

  static fs::path meeting() { return temp_path("meet"); }

  std::unique_ptr<GroupTransport> engine(int self, int engines = 2) {
    return std::make_unique<GroupTransport>(
        GroupMember{meeting(), engines, self}, [this] { return ++asked_ < gives_up_after_; },
        times_[static_cast<std::size_t>(self)]);
  }

  WorkTimes times_[3];
  std::atomic<int> asked_{0};
  std::atomic<int> gives_up_after_{1000};  // 100 s: only for tests that fail
};

TEST_F(Transports, GiveBackWhatWasSent) {
  const auto one = engine(0);
  const auto other = engine(1);
  const at::Tensor sent = at::randn({3, 4, 5}).transpose(0, 2);
  one->send(1, Lane::Free, "latent", sent);
  one->send(1, Lane::Paced, "hidden", sent[0]);
  EXPECT_TRUE(at::equal(other->receive(0, Lane::Paced, "hidden", {4, 3}), sent[0]));
  EXPECT_TRUE(at::equal(other->receive(0, Lane::Free, "latent", {5, -1, 3}), sent));
}

TEST_F(Transports, CarrySmallerNumbersWithoutLoss) {
  const auto one = engine(0);
  const auto other = engine(1);
  const at::Tensor sent = at::randn({64}).to(at::kBFloat16);
  one->send(1, Lane::Free, "words", sent);
  EXPECT_TRUE(at::equal(other->receive(0, Lane::Free, "words", {-1}).to(at::kBFloat16), sent));
}

TEST_F(Transports, KeepSendersApart) {
  const auto one = engine(0, 3);
  const auto two = engine(1, 3);
  const auto three = engine(2, 3);
  two->send(2, Lane::Free, "second", at::full({1}, 2));
  one->send(2, Lane::Free, "first", at::full({1}, 1));
  EXPECT_EQ(three->receive(0, Lane::Free, "first", {1}).item<float>(), 1);
  EXPECT_EQ(three->receive(1, Lane::Free, "second", {1}).item<float>(), 2);
}

TEST_F(Transports, RefuseWhatDoesNotComeNext) {
  const auto one = engine(0);
  const auto other = engine(1);
  one->send(1, Lane::Free, "block 1", at::zeros({2, 2}));
  one->send(1, Lane::Free, "block 2", at::zeros({2, 2}));
  const Error tag = error_of([&] { other->receive(0, Lane::Free, "block 7", {2, 2}); });
  EXPECT_EQ(tag.kind(), ErrorKind::Bug);
  EXPECT_THAT(tag.what(), HasSubstr("waited for 'block 7' [2, 2] from engine 0 of the group, got 'block 1'"));
  const Error shape = error_of([&] { other->receive(0, Lane::Free, "block 2", {2, 3}); });
  EXPECT_EQ(shape.kind(), ErrorKind::Bug);
}

TEST_F(Transports, ASenderRunsAheadByTwoOnThePacedLaneAndFreelyOnTheOther) {
  const auto one = engine(0);
  const auto other = engine(1);
  for (int i = 0; i < 50; ++i) one->send(1, Lane::Free, "latent", at::full({1}, i));
  std::atomic<int> sent{0};
  std::thread sender([&] {
    for (; sent < 10; ++sent) one->send(1, Lane::Paced, "hidden", at::full({1}, sent.load()));
  });
  for (int i = 0; i < 10; ++i) {
    EXPECT_LE(sent, i + kMostPaced);
    EXPECT_EQ(other->receive(0, Lane::Paced, "hidden", {1}).item<float>(), static_cast<float>(i));
  }
  sender.join();
  for (int i = 0; i < 50; ++i) {
    EXPECT_EQ(other->receive(0, Lane::Free, "latent", {1}).item<float>(), static_cast<float>(i));
  }
}

/// Resident bytes of this process, which holds both ends.
std::int64_t resident_bytes() {
  std::ifstream file("/proc/self/statm");
  std::int64_t size = 0, resident = 0;
  file >> size >> resident;
  return resident * ::sysconf(_SC_PAGESIZE);
}

TEST_F(Transports, TheMemoryOfAPacedStreamIsFlat) {
  constexpr std::int64_t kNumbers = 1 << 20;
  constexpr std::int64_t kMessages = 200;  // 800 MB
  const auto one = engine(0);
  const auto other = engine(1);
  const std::int64_t before = resident_bytes();
  std::thread sender([&] {
    for (std::int64_t i = 0; i < kMessages; ++i) one->send(1, Lane::Paced, "hidden", at::ones({kNumbers}));
  });
  std::int64_t most = before;
  for (std::int64_t i = 0; i < kMessages; ++i) {
    other->receive(0, Lane::Paced, "hidden", {kNumbers});
    most = std::max(most, resident_bytes());
  }
  sender.join();
  EXPECT_LT(most - before, kMessages / 4 * kNumbers * 4)
      << "what is under way, copies, and what malloc keeps";
}

TEST_F(Transports, AMeetingPlaceThatIsTakenIsSaidToBeWhatIsWrong) {
  std::ofstream(meeting()) << "no folder";
  const Error folder = error_of([&] { engine(0); });
  EXPECT_EQ(folder.kind(), ErrorKind::NotConnected);
  EXPECT_THAT(folder.what(), HasSubstr("a group cannot meet in " + meeting().string()));
  fs::remove(meeting());

  fs::create_directories(meeting() / "0" / "taken");
  fs::permissions(meeting(), fs::perms::owner_all);
  const Error socket = error_of([&] { engine(0); });
  EXPECT_EQ(socket.kind(), ErrorKind::NotConnected);
  EXPECT_THAT(socket.what(), HasSubstr("cannot open the group's socket"));
  fs::remove_all(meeting());
}

TEST_F(Transports, AnEngineMayComeLater) {
  const auto one = engine(0);
  one->send(1, Lane::Free, "words", at::ones({1}));
  std::thread late([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    const auto other = engine(1);
    EXPECT_EQ(other->receive(0, Lane::Free, "words", {1}).item<float>(), 1);
    other->send(0, Lane::Free, "answer", at::ones({1}));
    other->leave();
  });
  EXPECT_EQ(one->receive(1, Lane::Free, "answer", {1}).item<float>(), 1);
  EXPECT_GT(asked_, 0) << "a wait is a sign of life";
  one->leave();
  late.join();
}

TEST_F(Transports, AWaitCanBeGivenUp) {
  gives_up_after_ = 3;
  const auto one = engine(0);
  const Error receiving = error_of([&] { one->receive(1, Lane::Free, "words", {1}); });
  EXPECT_EQ(receiving.kind(), ErrorKind::DeviceLost);
  EXPECT_THAT(receiving.what(), HasSubstr("given up while waiting for 'words' (engine 1 of the group)"));
  EXPECT_EQ(asked_, 3);
  for (int i = 0; i < kMostPaced; ++i) one->send(1, Lane::Paced, "hidden", at::ones({1}));
  EXPECT_EQ(error_of([&] { one->send(1, Lane::Paced, "hidden", at::ones({1})); }).kind(),
            ErrorKind::DeviceLost);
  EXPECT_EQ(error_of([&] { one->leave(); }).kind(), ErrorKind::DeviceLost);
}

TEST_F(Transports, AnEngineThatIsLeftAloneRemovesEverything) {
  auto one = engine(0, 3);
  std::ofstream(meeting() / "2") << "the socket of one that was killed";
  one.reset();
  EXPECT_FALSE(fs::exists(meeting()));
}

TEST_F(Transports, NobodyLeavesBeforeAllHaveWhatWasSentToThem) {
  std::thread first([&] {
    const auto one = engine(0, 3);
    one->send(2, Lane::Free, "latent", at::ones({1 << 20}));
    one->leave();
  });
  std::thread second([&] {
    const auto two = engine(1, 3);
    two->leave();
  });
  {
    const auto last = engine(2, 3);
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    EXPECT_EQ(last->receive(0, Lane::Free, "latent", {-1}).size(0), 1 << 20);
    last->leave();
  }
  first.join();
  second.join();
}

TEST_F(Transports, WaitingIsCounted) {
  {
    const auto one = engine(0);
    const auto other = engine(1);
    one->send(1, Lane::Free, "latent", at::ones({1}));
    other->receive(0, Lane::Free, "latent", {1});
  }
  EXPECT_EQ(times_[1].seconds().count("wait"), 1U);
}

}  // namespace
}  // namespace longtake
