#include <c10/core/DeviceGuard.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <iostream>
#include <thread>

#include "rank/engine/gpu/device_name.h"
#include "rank/engine/transport/group_transport.h"
#include "tests/engine/gpu/skip_without_gpu.h"
#include "tests/temp_path.h"

namespace longtake {
namespace {

namespace fs = std::filesystem;

/// As a film of 14 B shapes at 720x400 passes on: 69 MB.
constexpr std::int64_t kTokens = 3375;
constexpr std::int64_t kWidth = 5120;

at::Device gpu(int index) { return at::Device(at::kCUDA, static_cast<at::DeviceIndex>(index)); }

using Engine = std::function<void(GroupTransport&, at::Device)>;

/// A row of two engines, the second one's device by choice; what each failed with.
std::vector<std::string> run_pair(const Engine& one, const Engine& two, at::Device second) {
  std::vector<std::string> failures(2);
  std::atomic<bool> goes_on{true};
  const auto run = [&](int self, const Engine& engine, at::Device device) {
    try {
      const c10::DeviceGuard here(device);
      RowPlace place;
      (self == 0 ? place.neighbours.next : place.neighbours.before) = 1 - self;
      place.device = device;
      place.nccl = nccl_for(device);
      WorkTimes times;
      GroupTransport transport(
          {temp_path("meet"), 2, self}, [&] { return goes_on.load(); }, times, place);
      engine(transport, device);
      transport.leave();
    } catch (const Error& e) {
      failures[static_cast<std::size_t>(self)] = std::string(name_of(e.kind())) + ": " + e.what();
      goes_on = false;
    } catch (const c10::Error& e) {
      failures[static_cast<std::size_t>(self)] = e.what_without_backtrace();
      goes_on = false;
    }
  };
  std::thread first([&] { run(0, one, gpu(0)); });
  run(1, two, second);
  first.join();
  return failures;
}

at::Tensor block(int number) {
  return at::arange(kTokens * kWidth, at::dtype(at::kFloat)).view({kTokens, kWidth}).add_(number);
}

void send_blocks(GroupTransport& transport, at::Device device, int blocks) {
  for (int i = 0; i < blocks; ++i) {
    const at::Tensor hidden = block(i).to(device);
    transport.send(1, Lane::Paced, "block " + std::to_string(i), hidden);
    hidden.zero_();  // it may be changed
  }
  for (int i = 0; i < blocks; ++i) {
    const at::Tensor latent = transport.receive(1, Lane::Free, "latent", {kWidth});
    EXPECT_TRUE(at::equal(latent, block(i)[1])) << i;
  }
}

void receive_blocks(GroupTransport& transport, at::Device device, int blocks) {
  for (int i = 0; i < blocks; ++i) {
    const at::Tensor hidden =
        transport.receive(0, Lane::Paced, "block " + std::to_string(i), {kTokens, kWidth});
    EXPECT_TRUE(at::equal(hidden.cpu(), block(i))) << i;
    transport.send(0, Lane::Free, "latent", hidden.to(device)[1]);
  }
}

const std::vector<std::string> kAllWell = {"", ""};

TEST(NcclTransportOnGpus, BringsBlocksFromGpuToGpu) {
  if (cuda_device_count() < 2) GTEST_SKIP() << "needs two CUDA devices, here are " << cuda_device_count();
  EXPECT_EQ(run_pair([](GroupTransport& t, at::Device d) { send_blocks(t, d, 6); },
                     [](GroupTransport& t, at::Device d) { receive_blocks(t, d, 6); }, gpu(1)),
            kAllWell);
}

TEST(NcclTransportOnGpus, AGroupOfAGpuAndACpuSpeaksThroughTheHost) {
  LONGTAKE_SKIP_WITHOUT_GPU();
  EXPECT_EQ(run_pair([](GroupTransport& t, at::Device d) { send_blocks(t, d, 3); },
                     [](GroupTransport& t, at::Device d) { receive_blocks(t, d, 3); }, at::kCPU),
            kAllWell);
}

TEST(NcclTransportOnGpus, TwoEnginesOnOneGpuAreNotConnected) {
  LONGTAKE_SKIP_WITHOUT_GPU();
  const Engine nothing = [](GroupTransport&, at::Device) {};
  const std::vector<std::string> failures = run_pair(nothing, nothing, gpu(0));
  const bool is_told =
      failures[0].rfind("not_connected: ", 0) == 0 || failures[1].rfind("not_connected: ", 0) == 0;
  EXPECT_TRUE(is_told) << failures[0] << "\n" << failures[1];
}

/// Blocks that are computed on both sides while others travel: how much longer they take is printed.
TEST(NcclTransportOnGpus, TravelsWhileBothCompute) {
  if (cuda_device_count() < 2) GTEST_SKIP() << "needs two CUDA devices, here are " << cuda_device_count();
  constexpr int kBlocks = 10;
  const auto compute = [](at::Device device) {
    const at::Tensor a = at::ones({8192, 8192}, at::device(device).dtype(at::kBFloat16));
    at::Tensor b = a;
    for (int i = 0; i < 40; ++i) b = at::mm(a, a);
    return b;
  };
  double alone_ms = 0, together_ms = 0;
  const auto blocks_in_ms = [&](at::Device device, const std::function<void(int)>& each) {
    compute(device)[0][0].item<float>();
    const auto begin = std::chrono::steady_clock::now();
    for (int i = 0; i < kBlocks; ++i) {
      each(i);
      compute(device);
    }
    compute(device)[0][0].item<float>();
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
  };
  EXPECT_EQ(run_pair(
                [&](GroupTransport& t, at::Device d) {
                  const at::Tensor hidden = at::ones({kTokens, kWidth}, at::device(d).dtype(at::kFloat));
                  blocks_in_ms(d, [&](int) { t.send(1, Lane::Paced, "block", hidden); });
                },
                [&](GroupTransport& t, at::Device d) {
                  alone_ms = blocks_in_ms(d, [](int) {});
                  together_ms = blocks_in_ms(d, [&](int) { t.receive(0, Lane::Paced, "block", {-1, -1}); });
                },
                gpu(1)),
            kAllWell);
  std::cout << kBlocks << " blocks computed in " << alone_ms << " ms alone, " << together_ms
            << " ms with 69 MB received before each\n";
  EXPECT_GT(together_ms, 0);
}

}  // namespace
}  // namespace longtake
