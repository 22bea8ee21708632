#pragma once

#include <c10/core/Device.h>

#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "jobs/segment.h"

namespace longtake {

/// What a meter reads; peaks are those since it was read before.
struct MemoryReading {
  std::int64_t kept = 0;           ///< in tensors, now; 0 where nobody counts them
  std::int64_t peak = 0;           ///< in tensors; on a CPU of the process, and 0 when it has not grown
  std::int64_t peak_reserved = 0;  ///< that LibTorch took of the device for them
};

using MemoryMeter = std::function<MemoryReading()>;

/// Of a device LibTorch's allocator, of a CPU the process's resident memory.
MemoryMeter memory_meter(c10::Device device);

/// What an engine's memory went to: which moment took most of it, for what, and what was kept by then. Told
/// of moments by WorkTimes, of components by whoever makes them. Belongs to one thread; throws only for want
/// of host memory.
class MemoryAccount {
 public:
  explicit MemoryAccount(MemoryMeter meter) : meter_(std::move(meter)) {}
  MemoryAccount(const MemoryAccount&) = delete;
  MemoryAccount& operator=(const MemoryAccount&) = delete;

  /// As long as it lives, what is allocated and stays is this component's: "transformer weights".
  class Making {
   public:
    Making(MemoryAccount& account, std::string component);
    ~Making();
    Making(const Making&) = delete;
    Making& operator=(const Making&) = delete;

   private:
    MemoryAccount& account_;
    std::string component_;
    std::int64_t kept_before_;
  };

  /// Peaks and what failed are forgotten.
  void begin_segment();

  /// `moment` of the work has ended or was interrupted, possibly by an exception that is on its way.
  void on_over(const std::string& moment);

  /// What was made is gone.
  void on_dropped(const std::string& component) { held_.erase(component); }

  const MemoryPeak& peak() const { return peak_; }
  std::int64_t peak_bytes() const { return peak_bytes_; }
  std::int64_t peak_reserved_bytes() const { return peak_reserved_; }

  /// Where the exception came from that was on its way: "in step 2 (activations)"; empty when there was none.
  std::string failure_text() const;
  /// "transformer weights 16.06 GB, caches 7.10 GB"
  std::string held_text() const;

 private:
  /// The most since the moment before ended.
  struct Pending {
    std::int64_t bytes = 0;
    std::string component;  ///< empty: what the moment computes
    std::map<std::string, std::int64_t> held;
  };

  std::int64_t read(const std::string& component);

  MemoryMeter meter_;
  std::map<std::string, std::int64_t> held_;
  Pending pending_;
  MemoryPeak peak_;
  std::int64_t peak_bytes_ = 0;
  std::int64_t peak_reserved_ = 0;
  std::string failed_moment_;
  std::string failed_component_;
};

/// The most resident memory that this process has had.
std::int64_t resident_peak_bytes();

/// "16.06 GB", "12.3 MB": for messages.
std::string memory_text(std::int64_t bytes);

}  // namespace longtake
