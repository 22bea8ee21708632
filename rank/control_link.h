#pragma once

#include "jobs/wire/control_socket.h"
#include "rank/scheduler_link.h"

namespace longtake {

/// A rank's way to the scheduler over the run's control plane.
class ControlLink : public SchedulerLink {
 public:
  ControlLink(const ControlAddress& address, RankId rank)
      : client_(address, "rank-" + std::to_string(rank.value)) {}

  void send(const RankMessage& message) override { client_.send(encode(message)); }

  std::optional<SchedulerMessage> receive() override {
    const std::optional<std::string> text = client_.receive();
    if (!text) return std::nullopt;
    return decode_scheduler_message(*text);
  }

  int descriptor() const override { return client_.descriptor(); }

 private:
  ControlClient client_;
};

}  // namespace longtake
