#include "rank/engine/nccl/nccl_link.h"

#include <gmock/gmock.h>

#include <chrono>
#include <thread>

#include "tests/engine/gpu/skip_without_gpu.h"

namespace longtake {
namespace {

using std::chrono::steady_clock;

/// As a film of 14 B shapes at 720x400 passes on: 69 MB.
constexpr std::int64_t kTokens = 3375;
constexpr std::int64_t kWidth = 5120;
constexpr std::chrono::seconds kLongest{60};

at::Device gpu(int index) { return at::Device(at::kCUDA, static_cast<at::DeviceIndex>(index)); }

bool become_idle(NcclLink& one, NcclLink& other) {
  const auto begin = steady_clock::now();
  while (steady_clock::now() - begin < kLongest) {
    // Both, whatever the first says: NCCL's ends wait for each other.
    const bool first = one.is_idle();
    if (other.is_idle() && first) return true;
    std::this_thread::sleep_for(std::chrono::microseconds(100));
  }
  return false;
}

TEST(NcclLinkOnGpus, OneGpuIsRefusedForBothEndsInNcclsWords) {
  LONGTAKE_SKIP_WITHOUT_GPU();
  const auto nccl = nccl_for(gpu(0));
  ASSERT_NE(nccl, nullptr) << "there is a GPU, but no NCCL";
  const NcclId id = nccl->make_id();
  try {
    NcclLink sender(nccl, id, LinkEnd::Sender, gpu(0));
    NcclLink receiver(nccl, id, LinkEnd::Receiver, gpu(0));
    become_idle(sender, receiver);
    FAIL() << "two places on one GPU";
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::DeviceLost);
    EXPECT_THAT(e.what(), testing::HasSubstr("Duplicate GPU")) << "what NCCL says of it";
  }
}

TEST(NcclLinkOnGpus, AnEndThatIsAloneIsNeverIdleAndCanBeGivenUp) {
  LONGTAKE_SKIP_WITHOUT_GPU();
  const auto nccl = nccl_for(gpu(0));
  ASSERT_NE(nccl, nullptr);
  NcclLink alone(nccl, nccl->make_id(), LinkEnd::Sender, gpu(0));
  const auto begin = steady_clock::now();
  while (steady_clock::now() - begin < std::chrono::seconds(1)) EXPECT_FALSE(alone.is_idle());
}

TEST(NcclLinkOnGpus, BringWhatOneGpuHasComputedToAnother) {
  if (cuda_device_count() < 2) GTEST_SKIP() << "needs two CUDA devices, here are " << cuda_device_count();
  const auto nccl = nccl_for(gpu(0));
  const NcclId id = nccl->make_id();
  NcclLink sender(nccl, id, LinkEnd::Sender, gpu(0));
  NcclLink receiver(nccl, id, LinkEnd::Receiver, gpu(1));
  ASSERT_TRUE(become_idle(sender, receiver));
  for (int i = 0; i < 5; ++i) {
    const at::Tensor sent = at::randn({kTokens, kWidth}, at::device(gpu(0)).dtype(at::kFloat));
    const DeviceMoment computed = computed_so_far(gpu(0));
    while (!computed.has_passed()) std::this_thread::yield();
    const at::Tensor arrived = receiver.receive({kTokens, kWidth});
    sender.send(sent);
    ASSERT_TRUE(become_idle(sender, receiver));
    EXPECT_TRUE(at::equal(arrived.cpu(), sent.cpu())) << i;
  }
}

TEST(NcclLinkOnGpus, AReceiverWhoseSenderIsGivenUpDoesNotHangItsDevice) {
  if (cuda_device_count() < 2) GTEST_SKIP() << "needs two CUDA devices, here are " << cuda_device_count();
  const auto nccl = nccl_for(gpu(0));
  const NcclId id = nccl->make_id();
  auto sender = std::make_unique<NcclLink>(nccl, id, LinkEnd::Sender, gpu(0));
  auto receiver = std::make_unique<NcclLink>(nccl, id, LinkEnd::Receiver, gpu(1));
  ASSERT_TRUE(become_idle(*sender, *receiver));
  const at::Tensor sent = at::ones({1024}, at::device(gpu(0)).dtype(at::kFloat));
  receiver->receive({1024});
  sender->send(sent);
  ASSERT_TRUE(become_idle(*sender, *receiver));
  receiver->receive({1024});  // nobody sends
  EXPECT_FALSE(receiver->is_idle());
  sender.reset();
  receiver.reset();
  EXPECT_EQ(at::ones({8}, at::device(gpu(1))).sum().item<float>(), 8) << "the device computes on";
}

}  // namespace
}  // namespace longtake
