// GroupTransport through the NCCL made for tests: rows of engines on the CPU, a thread for each.
#include <gmock/gmock.h>

#include <atomic>
#include <functional>
#include <thread>

#include "jobs/error.h"
#include "rank/engine/transport/group_transport.h"
#include "tests/engine/devices/fake_nccl_misbehaviour.h"
#include "tests/temp_path.h"

namespace longtake {
namespace {

namespace fs = std::filesystem;
using testing::Contains;
using testing::HasSubstr;
using testing::MatchesRegex;
using namespace std::chrono_literals;

using Engine = std::function<void(GroupTransport&)>;

class NcclTransports : public testing::Test {
 protected:
  ~NcclTransports() override { EXPECT_FALSE(fs::exists(meeting())); }

  static fs::path meeting() { return temp_path("meet"); }

  /// Engine `self` of a row of `engines`.
  std::unique_ptr<GroupTransport> come(int self, int engines) {
    RowPlace place;
    if (self > 0) place.neighbours.before = self - 1;
    if (self + 1 < engines) place.neighbours.next = self + 1;
    if (without_nccl_ != self) place.nccl = std::make_shared<NcclLibrary>(LONGTAKE_FAKE_NCCL);
    place.limits = limits_;
    return std::make_unique<GroupTransport>(
        GroupMember{meeting(), engines, self}, [this] { return goes_on_.load(); },
        times_[static_cast<std::size_t>(self)], place);
  }

  /// Each of `engines` in a thread of its own; what each failed with, by stage.
  std::vector<std::optional<Error>> run(const std::vector<Engine>& engines) {
    std::vector<std::optional<Error>> failures(engines.size());
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < engines.size(); ++i) {
      threads.emplace_back([this, i, &engines, &failure = failures[i]] {
        try {
          const auto transport = come(static_cast<int>(i), static_cast<int>(engines.size()));
          engines[i](*transport);
        } catch (const Error& e) {
          failure.emplace(e);
          goes_on_ = false;  // as the scheduler does with the rest of a group
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    return failures;
  }

  /// All are through, and leave.
  void run_well(const std::vector<Engine>& engines) {
    const auto failures = run(engines);
    for (const auto& failure : failures) EXPECT_EQ(failure ? failure->what() : std::string(), "");
  }

  /// What failed with this kind. The others are given up.
  static std::vector<std::string> messages_of(const std::vector<std::optional<Error>>& failures,
                                              ErrorKind kind) {
    std::vector<std::string> messages;
    for (const auto& failure : failures) {
      if (failure && failure->kind() == kind) messages.push_back(failure->what());
    }
    return messages;
  }

  NcclLimits limits_;
  int without_nccl_ = -1;
  std::atomic<bool> goes_on_{true};
  WorkTimes times_[3];
};

/// Not long enough to be met by a slow machine, where it should not be met.
constexpr std::chrono::milliseconds kShort = 300ms;

void leave(GroupTransport& transport) { transport.leave(); }

TEST_F(NcclTransports, BringWhatIsPacedAndWhatIsFree) {
  const at::Tensor hidden = at::randn({40, 16});
  run_well({[&](GroupTransport& one) {
              one.send(1, Lane::Free, "words", hidden[0]);
              one.send(1, Lane::Paced, "hidden", hidden.t());
              one.send(1, Lane::Paced, "rounded", hidden.to(at::kBFloat16));
              EXPECT_EQ(one.receive(1, Lane::Free, "latent", {1}).item<float>(), 7);
              one.leave();
            },
            [&](GroupTransport& two) {
              EXPECT_TRUE(at::equal(two.receive(0, Lane::Paced, "hidden", {16, -1}), hidden.t()));
              EXPECT_TRUE(at::equal(two.receive(0, Lane::Free, "words", {16}), hidden[0]));
              two.send(0, Lane::Free, "latent", at::full({1}, 7));
              EXPECT_TRUE(at::equal(two.receive(0, Lane::Paced, "rounded", {40, 16}).to(at::kBFloat16),
                                    hidden.to(at::kBFloat16)));
              two.leave();
            }});
}

TEST_F(NcclTransports, OnlyWhatIsPacedGoesThroughNccl) {
  const Misbehaviour misbehaviour("loses small");
  run_well({[&](GroupTransport& one) {
              one.send(1, Lane::Paced, "hidden", at::ones({4}));
              one.send(1, Lane::Free, "latent", at::ones({4}));
              one.leave();
            },
            [&](GroupTransport& two) {
              EXPECT_EQ(two.receive(0, Lane::Paced, "hidden", {4}).sum().item<float>(), 0);
              EXPECT_EQ(two.receive(0, Lane::Free, "latent", {4}).sum().item<float>(), 4);
              two.leave();
            }});
}

TEST_F(NcclTransports, ATensorMayBeChangedWhenItIsSent) {
  run_well({[&](GroupTransport& one) {
              const at::Tensor hidden = at::zeros({8});
              for (int i = 0; i < 20; ++i) one.send(1, Lane::Paced, "hidden", hidden.fill_(i));
              one.leave();
            },
            [&](GroupTransport& two) {
              for (int i = 0; i < 20; ++i) {
                EXPECT_TRUE(at::equal(two.receive(0, Lane::Paced, "hidden", {8}), at::full({8}, float(i))));
              }
              two.leave();
            }});
}

TEST_F(NcclTransports, ASenderRunsAheadByTwo) {
  std::atomic<int> sent{0};
  run_well({[&](GroupTransport& one) {
              for (; sent < 10; ++sent) one.send(1, Lane::Paced, "hidden", at::full({1}, sent.load()));
              one.leave();
            },
            [&](GroupTransport& two) {
              for (int i = 0; i < 10; ++i) {
                EXPECT_LE(sent, i + kMostPaced);
                EXPECT_EQ(two.receive(0, Lane::Paced, "hidden", {1}).item<float>(), static_cast<float>(i));
              }
              two.leave();
            }});
}

/// Hidden states forth along the row, latents back: what a segment's blocks do.
TEST_F(NcclTransports, ARowOfThreePassesBlocksOn) {
  constexpr int kBlocks = 12;
  const auto tag = [](int block) { return "block " + std::to_string(block); };
  run_well({[&](GroupTransport& first) {
              for (int i = 0; i < kBlocks; ++i) first.send(1, Lane::Paced, tag(i), at::full({64, 3}, i));
              for (int i = 0; i < kBlocks; ++i) {
                EXPECT_EQ(first.receive(2, Lane::Free, tag(i), {1}).item<float>(), static_cast<float>(i + 2));
              }
              first.leave();
            },
            [&](GroupTransport& second) {
              for (int i = 0; i < kBlocks; ++i) {
                second.send(2, Lane::Paced, tag(i), second.receive(0, Lane::Paced, tag(i), {64, 3}).add_(1));
              }
              second.leave();
            },
            [&](GroupTransport& third) {
              for (int i = 0; i < kBlocks; ++i) {
                const at::Tensor hidden = third.receive(1, Lane::Paced, tag(i), {64, 3}).add_(1);
                third.send(0, Lane::Free, tag(i), hidden[0][0].view({1}));
              }
              third.leave();
            }});
}

TEST_F(NcclTransports, RefuseWhatDoesNotComeNext) {
  const auto failures = run({[&](GroupTransport& one) {
                               one.send(1, Lane::Paced, "block 1", at::zeros({2, 2}));
                               one.leave();
                             },
                             [&](GroupTransport& two) {
                               two.receive(0, Lane::Paced, "block 7", {2, 2});
                             }});
  EXPECT_THAT(messages_of(failures, ErrorKind::Bug),
              Contains("waited for 'block 7' [2, 2] from engine 0 of the group, got 'block 1' [2, 2]"));
}

TEST_F(NcclTransports, AnEngineWithoutNcclIsSpokenToThroughTheHost) {
  for (const int without : {0, 1}) {
    without_nccl_ = without;
    const Misbehaviour misbehaviour("loses");  // whatever goes through it
    run_well({[&](GroupTransport& one) {
                one.send(1, Lane::Paced, "hidden", at::ones({4}));
                one.leave();
              },
              [&](GroupTransport& two) {
                EXPECT_EQ(two.receive(0, Lane::Paced, "hidden", {4}).sum().item<float>(), 4);
                two.leave();
              }});
  }
}

TEST_F(NcclTransports, NcclsRefusalIsThatTheyAreNotConnected) {
  const Misbehaviour misbehaviour("refuses");
  EXPECT_THAT(
      messages_of(run({leave, leave}), ErrorKind::NotConnected),
      Contains(MatchesRegex("connecting with engine [01] of the group: NCCL cannot connect 2 processes: "
                            "unhandled system error")));
}

TEST_F(NcclTransports, AConnectionThatIsNotThereInTimeIsNone) {
  const Misbehaviour misbehaviour("never connects");
  limits_.connecting = kShort;
  EXPECT_THAT(messages_of(run({leave, leave}), ErrorKind::NotConnected),
              Contains(MatchesRegex("NCCL did not connect with engine [01] of the group within 300 ms")));
}

TEST_F(NcclTransports, AConnectionThatBringsOtherNumbersIsNone) {
  const Misbehaviour misbehaviour("loses");
  EXPECT_THAT(messages_of(run({leave, leave}), ErrorKind::NotConnected),
              Contains("NCCL brought other numbers from engine 0 of the group than those that were sent"));
}

TEST_F(NcclTransports, WaitForOneThatComesLate) {
  limits_.connecting = kShort;
  std::thread early([&] { come(0, 2)->leave(); });
  std::this_thread::sleep_for(2 * kShort);
  come(1, 2)->leave();
  early.join();
}

TEST_F(NcclTransports, AMeetingThatNobodyElseComesToCanBeGivenUp) {
  goes_on_ = false;
  try {
    come(0, 2);
    FAIL() << "nobody else is there";
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::DeviceLost);
    EXPECT_THAT(e.what(), HasSubstr("given up while waiting for it to come (engine 1 of the group)"));
  }
}

TEST_F(NcclTransports, ATransferThatDoesNotEndIsALostDevice) {
  limits_.transfer = kShort;
  const Misbehaviour misbehaviour("keeps small");
  const auto failures = run({[&](GroupTransport& one) {
                               one.send(1, Lane::Paced, "hidden", at::ones({4}));
                               one.leave();
                             },
                             [&](GroupTransport& two) { two.receive(0, Lane::Paced, "hidden", {4}); }});
  EXPECT_THAT(messages_of(failures, ErrorKind::DeviceLost),
              Contains("NCCL has not brought 'hidden' [4] from engine 0 of the group within 300 ms"));
}

TEST_F(NcclTransports, AnEngineThatFailsIsNotWaitedForWhenTheRestIsGivenUp) {
  const auto failures = run({[&](GroupTransport& one) {
                               one.receive(1, Lane::Free, "connected", {1});
                               throw Error(ErrorKind::OutOfMemory, "of its own");
                             },
                             [&](GroupTransport& two) {
                               two.send(0, Lane::Free, "connected", at::ones({1}));
                               two.receive(0, Lane::Paced, "hidden", {4});
                             }});
  ASSERT_TRUE(failures[1]);
  EXPECT_EQ(failures[1]->kind(), ErrorKind::DeviceLost);
  EXPECT_STREQ(failures[1]->what(), "given up while waiting for 'hidden' (engine 0 of the group)");
}

}  // namespace
}  // namespace longtake
