#include "rank/engine/compute_threads.h"

#include <ATen/Parallel.h>
#include <ATen/ThreadLocalState.h>
#include <dlfcn.h>

#include <atomic>
#include <condition_variable>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace longtake {
namespace {

using Work = std::function<void(std::int64_t)>;

thread_local int this_thread = 0;
thread_local bool is_in_tile = false;

void run_in_order(std::int64_t count, const Work& work) {
  for (std::int64_t tile = 0; tile < count; ++tile) work(tile);
}

/// The tiles of one for_each_tile: threads take the next one until there are none.
struct TileRun {
  TileRun(std::int64_t tiles, const Work& of_tile) : count(tiles), work(of_tile) {}

  void take_tiles() {
    const at::ThreadLocalStateGuard as_caller(state);
    is_in_tile = true;
    for (std::int64_t tile = next++; tile < count; tile = next++) run(tile);
    is_in_tile = false;
  }

  void run(std::int64_t tile) {
    try {
      work(tile);
    } catch (...) {
      const std::lock_guard<std::mutex> lock(failure_mutex);
      failure = std::current_exception();
    }
  }

  const std::int64_t count;
  const Work& work;
  const at::ThreadLocalState state;  ///< LibTorch's modes are per thread: all compute in the caller's
  std::atomic<std::int64_t> next{0};
  std::mutex failure_mutex;
  std::exception_ptr failure;
};

/// The compute threads but the caller's.
class ComputePool {
 public:
  explicit ComputePool(int helpers) {
    for (int i = 0; i < helpers; ++i) threads_.emplace_back([this, i] { help(i + 1); });
  }

  ~ComputePool() {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      is_closing_ = true;
    }
    begun_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }

  int threads() const { return static_cast<int>(threads_.size()) + 1; }

  void run(std::int64_t count, const Work& work) {
    TileRun tiles(count, work);
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      current_ = &tiles;
      busy_ = threads_.size();
      ++generation_;
    }
    begun_.notify_all();
    tiles.take_tiles();
    std::unique_lock<std::mutex> lock(mutex_);
    done_.wait(lock, [this] { return busy_ == 0; });
    if (tiles.failure) std::rethrow_exception(tiles.failure);
  }

 private:
  void help(int index) {
    this_thread = index;
    std::uint64_t seen = 0;
    std::unique_lock<std::mutex> lock(mutex_);
    while (true) {
      begun_.wait(lock, [&] { return is_closing_ || generation_ != seen; });
      if (is_closing_) return;
      seen = generation_;
      TileRun& tiles = *current_;
      lock.unlock();
      tiles.take_tiles();
      lock.lock();
      if (--busy_ == 0) done_.notify_one();
    }
  }

  std::mutex mutex_;
  std::condition_variable begun_;
  std::condition_variable done_;
  TileRun* current_ = nullptr;
  std::size_t busy_ = 0;
  std::uint64_t generation_ = 0;
  bool is_closing_ = false;
  std::vector<std::thread> threads_;
};

std::unique_ptr<ComputePool>& pool() {
  static std::unique_ptr<ComputePool> instance;
  return instance;
}

/// Other BLAS libraries take their number from LibTorch.
void use_one_blas_thread() {
  if (void* symbol = dlsym(RTLD_DEFAULT, "openblas_set_num_threads")) {
    reinterpret_cast<void (*)(int)>(symbol)(1);
  }
}

}  // namespace

void use_compute_threads(int threads) {
  at::set_num_threads(1);
  use_one_blas_thread();
  pool() = std::make_unique<ComputePool>(std::max(threads, 1) - 1);
}

int compute_threads() { return pool() ? pool()->threads() : 1; }

int this_compute_thread() { return this_thread; }

void for_each_tile(const c10::Device& device, std::int64_t count, const Work& work) {
  const bool is_shared = device.is_cpu() && count > 1 && compute_threads() > 1 && !is_in_tile;
  if (is_shared) {
    pool()->run(count, work);
  } else {
    run_in_order(count, work);
  }
}

void for_row_tiles(const c10::Device& device, std::int64_t rows,
                   const std::function<void(std::int64_t, std::int64_t)>& work) {
  constexpr std::int64_t kRows = 64;
  const TileCut cut(rows, device.is_cpu() ? kRows : std::max<std::int64_t>(rows, 1));
  for_each_tile(device, cut.count, [&](std::int64_t tile) { work(cut.begin(tile), cut.size_of(tile)); });
}

}  // namespace longtake
