#pragma once

#include <memory>

namespace longtake {

/// A descriptor that becomes readable when another thread, or a signal handler, has something for the
/// loop that polls it.
class WakeUp {
 public:
  WakeUp();
  ~WakeUp();
  WakeUp(const WakeUp&) = delete;
  WakeUp& operator=(const WakeUp&) = delete;

  int descriptor() const { return fd_; }
  /// Safe from any thread and from signal handlers.
  void ring() const noexcept;
  /// Called by the loop before it looks what there is.
  void clear() const noexcept;

 private:
  int fd_;
};

}  // namespace longtake
