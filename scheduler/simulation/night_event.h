#pragma once

#include <variant>

#include "jobs/ids.h"
#include "scheduler/simulation/event_queue.h"
#include "scheduler/simulation/faults.h"

/// What can happen in a simulated night.
namespace longtake {

/// The engines of the attempt are done, unless something came between.
struct SegmentDue {
  AttemptId attempt;
};
/// The engine of a broken GPU gives up starting.
struct StartFails {
  AttemptId attempt;
  RankId rank;
};
/// The engine that was told to stop has done so.
struct EngineStops {
  AttemptId attempt;
  RankId rank;
};
struct FilmDue {
  JobId job;
};
struct FaultStrikes {
  Fault fault;
};
struct ClockTicks {};
struct RunStarts {};

using NightEvent =
    std::variant<SegmentDue, StartFails, EngineStops, FilmDue, FaultStrikes, ClockTicks, RunStarts>;
using NightEvents = EventQueue<NightEvent>;

}  // namespace longtake
