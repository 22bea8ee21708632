#include "rank/engine/gpu/device_timer.h"

#include <chrono>

#ifdef LONGTAKE_CUDA
#include <c10/cuda/CUDAException.h>
#include <c10/cuda/CUDAStream.h>
#include <cuda_runtime_api.h>
#endif

namespace longtake {

class DeviceTimer::Marks {
 public:
  virtual ~Marks() = default;
  virtual void mark() = 0;
  virtual std::vector<double> pieces_ms() const = 0;
};

class DeviceTimer::HostMarks : public Marks {
 public:
  void mark() override { moments_.push_back(std::chrono::steady_clock::now()); }

  std::vector<double> pieces_ms() const override {
    std::vector<double> pieces;
    for (std::size_t i = 1; i < moments_.size(); ++i) {
      pieces.push_back(std::chrono::duration<double, std::milli>(moments_[i] - moments_[i - 1]).count());
    }
    return pieces;
  }

 private:
  std::vector<std::chrono::steady_clock::time_point> moments_;
};

#ifdef LONGTAKE_CUDA

class DeviceTimer::DeviceMarks : public Marks {
 public:
  explicit DeviceMarks(c10::Device device) : device_(device) {}
  ~DeviceMarks() override {
    for (cudaEvent_t event : events_) cudaEventDestroy(event);
  }

  void mark() override {
    cudaEvent_t event = nullptr;
    C10_CUDA_CHECK(cudaEventCreate(&event));
    events_.push_back(event);
    C10_CUDA_CHECK(cudaEventRecord(event, c10::cuda::getCurrentCUDAStream(device_.index()).stream()));
  }

  std::vector<double> pieces_ms() const override {
    std::vector<double> pieces;
    if (!events_.empty()) C10_CUDA_CHECK(cudaEventSynchronize(events_.back()));
    for (std::size_t i = 1; i < events_.size(); ++i) {
      float ms = 0;
      C10_CUDA_CHECK(cudaEventElapsedTime(&ms, events_[i - 1], events_[i]));
      pieces.push_back(static_cast<double>(ms));
    }
    return pieces;
  }

 private:
  c10::Device device_;
  std::vector<cudaEvent_t> events_;
};

std::unique_ptr<DeviceTimer::Marks> DeviceTimer::marks_on(c10::Device device) {
  if (device.is_cpu()) return std::make_unique<HostMarks>();
  return std::make_unique<DeviceMarks>(device);
}

#else

std::unique_ptr<DeviceTimer::Marks> DeviceTimer::marks_on(c10::Device) {
  return std::make_unique<HostMarks>();
}

#endif

DeviceTimer::DeviceTimer(c10::Device device) : marks_(marks_on(device)) {}
DeviceTimer::~DeviceTimer() = default;

void DeviceTimer::mark() { marks_->mark(); }

std::vector<double> DeviceTimer::pieces_ms() const { return marks_->pieces_ms(); }

}  // namespace longtake
