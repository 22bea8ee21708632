#include "rank/engine/liveavatar/attempt.h"

#include "jobs/error.h"
#include "rank/engine/nccl/nccl_link.h"
#include "rank/engine/sampling/guidance.h"

namespace longtake {
namespace {

/// An engine that is alone does everything.
Layout layout_of(const SegmentOrder& order, std::int64_t layers, std::int64_t steps) {
  const Layout& layout = order.share.layout;
  const bool is_alone = layout.kind == LayoutKind::Single || layout.stages.empty();
  return is_alone ? layers_layout(layers, steps, 1) : layout;
}

StageRoutes routes_of(const SegmentOrder& order, std::int64_t layers, std::int64_t steps) {
  const StageRoutes routes(layout_of(order, layers, steps), layers, steps);
  if (order.share.stage >= 0 && order.share.stage < routes.stages()) return routes;
  throw Error(ErrorKind::InvalidInput, "the order is for stage " + std::to_string(order.share.stage) +
                                           " of a layout of " + std::to_string(routes.stages()));
}

/// Whoever splits the steps works block after block.
GenerationOrder order_of(const SegmentOrder& order) {
  return splits_steps(order.share.layout.kind) ? GenerationOrder::BlockMajor : GenerationOrder::StepMajor;
}

SegmentTask task_of(const SegmentOrder& order, std::int64_t steps, const ClipShape& clip) {
  SegmentTask task{
      {order.range, order.clips, order.renewal_clips}, order.settings.base_seed, order_of(order)};
  if (!order.carry_in.empty()) {
    task.carry = read_carry(order.carry_in, {order.identity, order.clips.begin, steps, clip});
  }
  return task;
}

}  // namespace

Attempt::Attempt(const SegmentOrder& wanted, const LoadedModel& model, OrderWatch& watch, at::Device device)
    : order(wanted),
      schedule(flow_schedule(wanted.settings.sample_steps, wanted.settings.fold_last_step)),
      clip(clip_shape(wanted.settings.infer_frames, wanted.size, model.vae().z_dim,
                      model.vae().spatial_stride())),
      routes(routes_of(wanted, model.transformer_config().layers, schedule.steps())),
      task(task_of(wanted, schedule.steps(), clip)) {
  if (routes.stages() == 1) return;
  const int self = wanted.share.stage;
  const RowPlace place{{routes.before(self), routes.next(self)}, device, nccl_for(device), {}};
  transport = std::make_unique<GroupTransport>(
      GroupMember{wanted.share.meeting, routes.stages(), self}, [&watch] { return watch.goes_on(); }, times,
      place);
}

WantedInputs Attempt::wanted_inputs() const {
  return {clip, needs_null_prompt(order.settings.sample_guide_scale), heard_clips(task.chain)};
}

DenoiserShare Attempt::denoiser_share() const {
  return {stage().steps, transport.get(), routes.before(order.share.stage), routes.next(order.share.stage)};
}

UnfinishedOwner Attempt::unfinished_owner() const {
  return {order.identity, task.chain, schedule.steps(), clip};
}

void Attempt::take_up_unfinished() {
  if (task.order != GenerationOrder::StepMajor) return;
  task.unfinished = agreed_unfinished(seat(), read_unfinished(order.unfinished, unfinished_owner()));
}

Caches Attempt::caches() const {
  const bool is_step_major = task.order == GenerationOrder::StepMajor;
  return {is_step_major ? Caches::One : Caches::OnePerStep, order.settings.kv_cache_dtype};
}

}  // namespace longtake
