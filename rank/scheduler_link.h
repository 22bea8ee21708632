#pragma once

#include <optional>

#include "jobs/messages.h"

namespace longtake {

/// What a rank needs of its way to the scheduler. Used by one thread.
struct SchedulerLink {
  virtual ~SchedulerLink() = default;

  /// Never blocks: what cannot go out now waits.
  virtual void send(const RankMessage& message) = 0;

  /// The next message, if one is there; never blocks. Throws Error{InvalidInput}, once per message, for
  /// one that cannot be understood.
  virtual std::optional<SchedulerMessage> receive() = 0;

  /// Readable when receive() may have something. May be edge-triggered, so receive() is called until it
  /// has nothing before each poll(), with no send() in between.
  virtual int descriptor() const = 0;
};

}  // namespace longtake
