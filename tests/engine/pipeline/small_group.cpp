#include "tests/engine/pipeline/small_group.h"

#include <c10/core/InferenceMode.h>

#include <thread>

#include "rank/engine/transport/host_transport.h"
#include "tests/temp_path.h"

namespace longtake {
namespace {

/// One engine's share; what it gives stays empty but for the writer.
void make_share(const SmallGroup& group, int stage, const SegmentTask& task, SmallSegment& made) {
  const c10::InferenceMode inference;
  const TransformerConfig config = small_transformer_config();
  const StageRoutes routes(group.layout, config.layers, group.steps);
  WorkTimes times;
  HostTransport transport(
      {temp_path("meet"), routes.stages(), stage}, [] { return true; }, times);
  const Stage& own = routes.stage(stage);
  std::unique_ptr<TransformerModel> model;
  std::unique_ptr<Denoiser> denoiser;
  if (!own.layers.is_empty()) {
    model = std::make_unique<TransformerModel>(config, random_weights(7, {}), own.layers);
    const Caches caches = task.order == GenerationOrder::BlockMajor ? Caches::OnePerStep : Caches::One;
    denoiser = std::make_unique<Denoiser>(
        *model, small_clip(), small_prompt(config, group.guide_scale), flow_schedule(group.steps, false),
        caches, DenoiserShare{own.steps, &transport, routes.before(stage), routes.next(stage)});
  }
  KeptLatents kept;
  const StageTools tools{{routes, stage, &transport}, small_clip(), denoiser.get(), &kept, times};
  std::int64_t latest = -1;
  const auto share =
      generate_share(tools, small_conditioning(), task, [&](std::int64_t done, std::int64_t all) {
        EXPECT_GE(done, latest);
        EXPECT_LE(done, all);
        latest = done;
        return true;
      });
  transport.leave();
  ASSERT_TRUE(share);
  EXPECT_EQ(share->carry.has_value(), stage == routes.writer());
  if (share->carry) made = {kept.blocks, *share->carry};
}

}  // namespace

SmallSegment make_group_segment(const SmallGroup& group, const Chain& chain,
                                const std::optional<Carry>& carry) {
  const auto order =
      splits_steps(group.layout.kind) ? GenerationOrder::BlockMajor : GenerationOrder::StepMajor;
  const SegmentTask task{chain, kSmallFilmSeed, order, carry};
  SmallSegment made;
  std::vector<std::thread> engines;
  for (int stage = 0; stage < group.layout.ranks(); ++stage) {
    engines.emplace_back([&, stage] { make_share(group, stage, task, made); });
  }
  for (std::thread& engine : engines) engine.join();
  EXPECT_FALSE(std::filesystem::exists(temp_path("meet")));
  return made;
}

std::vector<at::Tensor> make_group_range(const std::vector<SmallGroup>& groups, Interval range,
                                         const std::vector<std::int64_t>& lengths,
                                         std::int64_t renewal_clips) {
  std::vector<at::Tensor> blocks;
  std::optional<Carry> carry;
  std::int64_t begin = range.begin;
  for (std::size_t i = 0; i < lengths.size(); ++i) {
    const Chain chain{range, {begin, begin + lengths[i]}, renewal_clips};
    SmallSegment segment = make_group_segment(groups[i % groups.size()], chain, carry);
    blocks.insert(blocks.end(), segment.blocks.begin(), segment.blocks.end());
    carry = std::move(segment.carry);
    begin += lengths[i];
  }
  return blocks;
}

}  // namespace longtake
