#include "scheduler/wake_up.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>

#include "jobs/error.h"

namespace longtake {

WakeUp::WakeUp() : fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (fd_ < 0) throw_errno("cannot make an eventfd");
}

WakeUp::~WakeUp() { ::close(fd_); }

void WakeUp::ring() const noexcept {
  const std::uint64_t one = 1;
  // Fails only when the counter is at its limit: then the loop is awake anyway.
  [[maybe_unused]] const ssize_t written = ::write(fd_, &one, sizeof one);
}

void WakeUp::clear() const noexcept {
  std::uint64_t count = 0;
  [[maybe_unused]] const ssize_t got = ::read(fd_, &count, sizeof count);
}

}  // namespace longtake
