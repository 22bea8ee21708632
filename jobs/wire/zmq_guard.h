#pragma once

#include <cerrno>
#include <string>
#include <zmq.hpp>

#include "jobs/error.h"

/// For the sources of this folder only.
namespace longtake {

/// ZeroMQ's errors as ours. A call that a signal interrupted is made again, also one that does not block:
/// libzmq looks at its mailbox with poll(2), which a pending signal ends. So `action` makes only one call
/// that may fail, or loses nothing when it is begun again.
template <class Action>
auto guarded(const std::string& doing, Action action) {
  for (;;) {
    try {
      return action();
    } catch (const zmq::error_t& e) {
      if (e.num() != EINTR) throw Error(ErrorKind::Io, doing + ": " + e.what());
    }
  }
}

}  // namespace longtake
