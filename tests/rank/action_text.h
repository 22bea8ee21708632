#pragma once

#include <string>
#include <vector>

#include "rank/rank_core.h"

/// What a rank wants done, as short lines that tests can compare.
namespace longtake {

inline std::string number(std::int64_t value) { return std::to_string(value); }

struct MessageText {
  std::string operator()(const RankJoined& m) const { return "joined rank " + number(m.hardware.rank.value); }
  std::string operator()(const RankAlive& m) const { return "alive, engine pid " + number(m.engine_pid); }
  std::string operator()(const AttemptProgressed& m) const {
    return "attempt " + number(m.attempt.value) + " at " + number(m.frames) + " frames";
  }
  std::string operator()(const AttemptFinished& m) const {
    return "attempt " + number(m.attempt.value) + " finished, " + number(m.facts.frames) + " frames, peak " +
           number(m.peak_bytes);
  }
  std::string operator()(const StageFinished& m) const {
    return "stage " + number(m.stage) + " of attempt " + number(m.attempt.value) + " done";
  }
  std::string operator()(const AttemptFailed& m) const {
    return "attempt " + number(m.attempt.value) + (m.cancelled ? " cancelled" : " failed, ") +
           (m.cancelled ? "" : std::string(name_of(m.kind)) + ": " + m.message);
  }
  std::string operator()(const RankLeft& m) const { return "left: " + m.reason; }
};

struct ActionText {
  std::string operator()(const TellScheduler& a) const { return std::visit(MessageText{}, a.message); }
  std::string operator()(const StartEngine& a) const {
    return "start " + a.engine + (a.plain_transport ? " with plain transport" : "");
  }
  std::string operator()(const TellEngine& a) const {
    if (const auto* make = std::get_if<MakeSegment>(&a.order))
      return "make " + number(make->order.attempt.value);
    if (const auto* cancel = std::get_if<CancelSegment>(&a.order))
      return "cancel " + number(cancel->attempt.value);
    if (const auto* finish = std::get_if<FinishSegment>(&a.order))
      return "finish " + number(finish->attempt.value) + " within " + number(finish->within_ms) + " ms";
    return "quit";
  }
  std::string operator()(const StopEngine&) const { return "stop"; }
  std::string operator()(const KillEngine&) const { return "kill"; }
  std::string operator()(const Leave& a) const { return "leave " + number(static_cast<int>(a.exit)); }
};

inline std::vector<std::string> texts_of(const RankActions& actions) {
  std::vector<std::string> texts;
  for (const RankAction& action : actions) texts.push_back(std::visit(ActionText{}, action));
  return texts;
}

}  // namespace longtake
