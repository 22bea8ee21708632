#include "rank/engine_side/order_line.h"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <string>

#include "jobs/error.h"

namespace longtake {

std::optional<EngineOrder> OrderLine::wait() { return next(true); }

std::optional<EngineOrder> OrderLine::poll() { return next(false); }

std::optional<EngineOrder> OrderLine::next(bool may_wait) {
  std::array<char, 16 * 1024> buffer;
  while (true) {
    if (const auto line = received_.next()) return decode_engine_order(*line);
    if (is_at_end_) return std::nullopt;
    const ssize_t got = ::recv(socket_.get(), buffer.data(), buffer.size(), may_wait ? 0 : MSG_DONTWAIT);
    if (got > 0) {
      received_.add({buffer.data(), static_cast<std::size_t>(got)});
    } else if (got == 0 || errno == ECONNRESET) {
      is_at_end_ = true;
    } else if (errno == EAGAIN) {
      return std::nullopt;
    } else if (errno != EINTR) {
      throw_errno("cannot read orders from descriptor " + std::to_string(socket_.get()));
    }
  }
}

void OrderLine::send(const EngineReport& report) {
  const std::string line = encode(report) + "\n";
  std::string_view left = line;
  while (!left.empty() && !is_at_end_) {
    const ssize_t sent = ::send(socket_.get(), left.data(), left.size(), MSG_NOSIGNAL);
    if (sent >= 0) {
      left.remove_prefix(static_cast<std::size_t>(sent));
    } else if (errno == EPIPE || errno == ECONNRESET) {
      is_at_end_ = true;
    } else if (errno != EINTR) {
      throw_errno("cannot report to descriptor " + std::to_string(socket_.get()));
    }
  }
}

}  // namespace longtake
