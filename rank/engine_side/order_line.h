#pragma once

#include <optional>

#include "jobs/engine_protocol.h"
#include "jobs/line_buffer.h"
#include "storage/file_descriptor.h"

namespace longtake {

/// An engine's end of the line to its rank. Used by one thread. Throws Error{InvalidInput} for a line
/// that is not an order, Error{Io} when the descriptor is not such a line.
class OrderLine {
 public:
  /// Takes the socket over.
  explicit OrderLine(int descriptor) : socket_(descriptor) {}

  /// The next order; waits for it. nullopt: the rank is gone.
  std::optional<EngineOrder> wait();

  /// The next order, if one is there; never waits.
  std::optional<EngineOrder> poll();

  /// True once the rank is gone, or does not want anything any more.
  bool is_at_end() const { return is_at_end_; }

  /// To a rank that is gone: does nothing.
  void send(const EngineReport& report);

 private:
  std::optional<EngineOrder> next(bool may_wait);

  FileDescriptor socket_;
  LineBuffer received_;
  bool is_at_end_ = false;
};

}  // namespace longtake
