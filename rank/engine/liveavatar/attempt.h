#pragma once

#include <memory>

#include "jobs/segment.h"
#include "rank/engine/liveavatar/loaded_model.h"
#include "rank/engine/liveavatar/order_watch.h"
#include "rank/engine/pipeline/encoded_inputs.h"
#include "rank/engine/pipeline/segment_generator.h"
#include "rank/engine/sampling/flow_schedule.h"
#include "rank/engine/transport/group_transport.h"
#include "rank/engine/work_times.h"

namespace longtake {

/// An order read by an engine: what is to be made, which part of it this engine does, and the line to the
/// engines that do the others. Belongs to one thread.
class Attempt {
 public:
  /// Joins the group, if there is one. Throws Error{InvalidInput} for an order that does not fit the model
  /// or a carry that does not fit the order, and as GroupTransport does. All three must outlive it. `device`:
  /// where this engine computes.
  Attempt(const SegmentOrder& order, const LoadedModel& model, OrderWatch& watch, at::Device device);

  const Stage& stage() const { return routes.stage(order.share.stage); }
  GroupSeat seat() const { return {routes, order.share.stage, transport.get()}; }
  WantedInputs wanted_inputs() const;
  /// How the transformer's part is used.
  DenoiserShare denoiser_share() const;
  Caches caches() const;
  UnfinishedOwner unfinished_owner() const;

  /// Has the task go on from what an attempt before has left, when the writer finds any. All of a group call
  /// it at the same point. Throws Error{Io} when this engine does not find the same, and as Transport does.
  void take_up_unfinished();

  const SegmentOrder& order;
  FlowSchedule schedule;
  ClipShape clip;
  StageRoutes routes;
  SegmentTask task;
  WorkTimes times;
  std::unique_ptr<Transport> transport;  ///< of a group of more than one
};

}  // namespace longtake
