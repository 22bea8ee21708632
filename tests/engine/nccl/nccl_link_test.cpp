// Both ends on the CPU, in one thread, through the NCCL made for tests.
#include "rank/engine/nccl/nccl_link.h"

#include <gmock/gmock.h>

#include "tests/engine/devices/fake_nccl_misbehaviour.h"
#include "tests/error_of.h"

namespace longtake {
namespace {

using testing::HasSubstr;

class NcclLinks : public testing::Test {
 protected:
  std::unique_ptr<NcclLink> end(LinkEnd which) const {
    return std::make_unique<NcclLink>(nccl_, id_, which, at::kCPU);
  }

  const std::shared_ptr<const NcclLibrary> nccl_ = std::make_shared<NcclLibrary>(LONGTAKE_FAKE_NCCL);
  const NcclId id_ = nccl_->make_id();
};

TEST_F(NcclLinks, AreIdleWhenBothEndsHaveCome) {
  const auto sender = end(LinkEnd::Sender);
  EXPECT_FALSE(sender->is_idle());
  const auto receiver = end(LinkEnd::Receiver);
  EXPECT_TRUE(receiver->is_idle());
  EXPECT_TRUE(sender->is_idle());
}

TEST_F(NcclLinks, BringOneTensorAfterTheOther) {
  const auto sender = end(LinkEnd::Sender);
  const auto receiver = end(LinkEnd::Receiver);
  ASSERT_TRUE(sender->is_idle() && receiver->is_idle());
  for (const std::int64_t rows : {3, 1, 7}) {
    const at::Tensor sent = at::randn({rows, 5});
    const at::Tensor arrived = receiver->receive({rows, 5});
    EXPECT_FALSE(receiver->is_idle()) << "nothing is sent yet";
    sender->send(sent);
    EXPECT_TRUE(sender->is_idle());
    EXPECT_TRUE(receiver->is_idle());
    EXPECT_TRUE(at::equal(arrived, sent));
  }
}

TEST_F(NcclLinks, SayInNcclsWordsThatTheyAreRefused) {
  const Misbehaviour misbehaviour("refuses");
  const Error refusal = error_of([&] { end(LinkEnd::Sender); });
  EXPECT_EQ(refusal.kind(), ErrorKind::DeviceLost);
  EXPECT_STREQ(refusal.what(), "NCCL cannot connect 2 processes: unhandled system error");
}

TEST_F(NcclLinks, HearThatTheOtherEndIsGivenUp) {
  const auto sender = end(LinkEnd::Sender);
  auto receiver = end(LinkEnd::Receiver);
  ASSERT_TRUE(sender->is_idle() && receiver->is_idle());
  sender->send(at::ones({4}));
  receiver.reset();
  const Error lost = error_of([&] { sender->is_idle(); });
  EXPECT_EQ(lost.kind(), ErrorKind::DeviceLost);
  EXPECT_THAT(lost.what(), HasSubstr("remote process exited"));
}

TEST_F(NcclLinks, AreNotWantedForTensorsOnACpu) { EXPECT_EQ(nccl_for(at::kCPU), nullptr); }

}  // namespace
}  // namespace longtake
