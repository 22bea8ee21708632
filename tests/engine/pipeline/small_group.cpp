#include "tests/engine/pipeline/small_group.h"

#include <c10/core/InferenceMode.h>

#include <atomic>
#include <thread>

#include "jobs/error.h"
#include "rank/engine/transport/group_transport.h"
#include "tests/temp_path.h"

namespace longtake {
namespace {

/// What the engines of a group have in common.
struct GroupWork {
  const SmallGroup& group;
  const SegmentTask& task;
  std::int64_t writer_asks_left;
  std::atomic<bool> is_stopped{false};
  GroupPart made{};
};

/// nullopt from an engine that was given up.
std::optional<ShareMade> share_of(const StageTools& tools, GroupWork& work) try {
  std::int64_t latest = -1;
  const auto goes_on = [&](std::int64_t done, std::int64_t all) {
    EXPECT_GE(done, latest);
    EXPECT_LE(done, all);
    latest = done;
    if (tools.seat.is_writer() && work.writer_asks_left-- == 0) work.is_stopped = true;
    return !work.is_stopped;
  };
  std::optional<ShareMade> share = generate_share(tools, small_conditioning(), work.task, goes_on);
  if (share && !share->unfinished) tools.seat.transport->leave();
  return share;
} catch (const Error& e) {
  EXPECT_TRUE(work.is_stopped) << e.what();
  return std::nullopt;
}

void take(std::optional<ShareMade> share, const KeptLatents& kept, bool is_writer, GroupWork& work) {
  EXPECT_TRUE(share || work.is_stopped);
  if (!share) return;
  EXPECT_EQ(share->carry || share->unfinished, is_writer);
  if (share->carry) work.made.segment = {kept.blocks, *share->carry};
  if (is_writer) work.made.unfinished = std::move(share->unfinished);
}

/// One engine's share; what it gives stays empty but for the writer.
void make_share(GroupWork& work, int stage) {
  const c10::InferenceMode inference;
  const SmallGroup& group = work.group;
  const TransformerConfig config = small_transformer_config();
  const StageRoutes routes(group.layout, config.layers, group.steps);
  WorkTimes times;
  GroupTransport transport(
      {temp_path("meet"), routes.stages(), stage}, [&] { return !work.is_stopped; }, times);
  const Stage& own = routes.stage(stage);
  std::unique_ptr<TransformerModel> model;
  std::unique_ptr<Denoiser> denoiser;
  if (!own.layers.is_empty()) {
    model = std::make_unique<TransformerModel>(config, random_weights(7, {}), own.layers);
    const Caches caches = work.task.order == GenerationOrder::BlockMajor ? Caches::OnePerStep : Caches::One;
    denoiser = std::make_unique<Denoiser>(
        *model, small_clip(), small_prompt(config, group.guide_scale), flow_schedule(group.steps, false),
        caches, DenoiserShare{own.steps, &transport, routes.before(stage), routes.next(stage)});
  }
  KeptLatents kept;
  const StageTools tools{{routes, stage, &transport}, small_clip(), denoiser.get(), &kept, times};
  take(share_of(tools, work), kept, stage == routes.writer(), work);
}

}  // namespace

GroupPart make_group_part(const SmallGroup& group, const SegmentTask& task, std::int64_t most_passes) {
  const std::int64_t asked_before_passes = task.unfinished || task.carry ? 1 : 3;
  const std::int64_t known = task.unfinished ? task.unfinished->passes_done : 0;
  GroupWork work{group, task, asked_before_passes + known + most_passes};
  std::vector<std::thread> engines;
  for (int stage = 0; stage < group.layout.ranks(); ++stage) {
    engines.emplace_back([&, stage] { make_share(work, stage); });
  }
  for (std::thread& engine : engines) engine.join();
  EXPECT_FALSE(std::filesystem::exists(temp_path("meet")));
  return std::move(work.made);
}

SmallSegment make_group_segment(const SmallGroup& group, const Chain& chain,
                                const std::optional<Carry>& carry) {
  constexpr std::int64_t kAllPasses = 1'000'000;
  const auto order =
      splits_steps(group.layout.kind) ? GenerationOrder::BlockMajor : GenerationOrder::StepMajor;
  return make_group_part(group, {chain, kSmallFilmSeed, order, carry}, kAllPasses).segment;
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
