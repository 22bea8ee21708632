#include "rank/engine/pipeline/segment_generator.h"

#include <algorithm>
#include <string>
#include <vector>

#include "jobs/error.h"
#include "rank/engine/pipeline/anchor.h"
#include "rank/engine/pipeline/block_audio.h"
#include "rank/engine/pipeline/shared_latents.h"
#include "rank/engine/sampling/determinism.h"

// C channels, F latent frames, Y latent rows, X latent columns
namespace longtake {
namespace {

/// One stage's share of one segment while it is made. Every stage goes through all passes and does its
/// part of each.
class ShareRun {
 public:
  ShareRun(const StageTools& tools, const Conditioning& conditioning, const SegmentTask& task)
      : tools_(tools),
        routes_(tools.seat.routes),
        conditioning_(conditioning),
        task_(task),
        keeps_latents_(tools.seat.is_writer() && routes_.writer_makes_all_latents() &&
                       task.order == GenerationOrder::StepMajor),
        history_out_(window_history(task.chain, task.chain.clips.end)),
        latents_(tools.seat, tools.clip, history_out_) {
    if (tools.denoiser != nullptr) audio_.emplace(tools_.seat, *tools.denoiser, conditioning);
  }

  /// What comes before the first pass. False when `goes_on` says so, which is asked between its parts.
  bool begin(const std::function<bool()>& goes_on) {
    hear();
    if (task_.unfinished) {
      anchor_CFYX_ = task_.unfinished->anchor_CFYX;
    } else if (task_.carry) {
      anchor_CFYX_ = task_.carry->anchor_CFYX;
    } else {
      if (!goes_on()) return false;
      fill_sink(conditioning_.reference_CFYX);
      if (!goes_on()) return false;
      const WorkTimes::Doing doing(tools_.times, "anchor");
      anchor_CFYX_ = make_anchor(tools_.seat, tools_.clip, tools_.denoiser, audio_ ? &*audio_ : nullptr,
                                 task_.base_seed);
    }
    if (!goes_on()) return false;
    fill_sink(anchor_CFYX_);
    add_known_latents();
    return true;
  }

  /// How much this stage does in a pass, in forward passes and decoded blocks.
  std::int64_t work_of(const Pass& pass) const {
    if (pass.kind == Pass::Kind::Clear) return 0;
    return (is_ours(pass) ? 1 : 0) + (decodes(pass) ? 1 : 0);
  }

  void run(const Pass& pass) {
    if (is_ours(pass)) compute(pass);
    if (decodes(pass)) catch_up();  // a device is at work meanwhile; what it makes is waited for next
    if (pass.kind == Pass::Kind::Denoise) {
      latents_.on_made(pass.step + 1, pass.clip, pass.block, made_CFYX_);
    }
    if (decodes(pass)) decode(pass);
    if (pass.kind == Pass::Kind::Denoise && pass.block + 1 == tools_.clip.blocks) forget_before(pass);
  }

  /// A pass of the step in which the segment was stopped, made before that: it has the window and the film
  /// be as they were.
  void replay(const Pass& pass) {
    Pass known = pass;
    if (known.kind == Pass::Kind::Denoise) known.kind = Pass::Kind::Remember;
    if (is_ours(pass)) compute(known);
    if (decodes(pass)) decode(pass);
  }

  /// What is to be kept when all passes before `next` are made.
  std::optional<ShareMade> stop(std::int64_t passes_done, const Pass& next) const {
    if (!keeps_latents_ || passes_done == 0) return std::nullopt;
    UnfinishedSegment kept;
    kept.passes_done = passes_done;
    kept.anchor_CFYX = anchor_CFYX_;
    for (const auto& [place, latent_CFYX] : latents_.clips()) {
      const auto [level, clip] = place;
      const bool is_needed = level >= next.step || history_out_.contains(clip);
      const bool is_made_here = level > 0 && generated_clips(task_.chain).contains(clip);
      if (is_needed && is_made_here) kept.latents_CFYX[place] = latent_CFYX;
    }
    ShareMade made;
    made.unfinished = std::move(kept);
    return made;
  }

  /// Of the writer.
  void catch_up() {
    const WorkTimes::Doing doing(tools_.times, "decode");
    tools_.sink->catch_up();
  }

  Carry carry() {
    Carry carry;
    carry.renewal_clips = task_.chain.renewal_clips;
    carry.clips = history_out_;
    carry.anchor_CFYX = anchor_CFYX_;
    for (std::int64_t level = 1; level <= routes_.steps(); ++level) {
      carry.left_step_CFYX.push_back(latents_.kept(level));
    }
    return carry;
  }

 private:
  bool is_ours(const Pass& pass) const { return routes_.is_in_row(tools_.seat.stage, pass.step); }
  bool decodes(const Pass& pass) const { return tools_.seat.is_writer() && pass.step + 1 == routes_.steps(); }

  void hear() {
    if (!audio_) return;
    const WorkTimes::Doing doing(tools_.times, "audio");
    if (!task_.carry) audio_->hear(0);  // the anchor's
    const Interval clips = clips_at_work(task_.chain);
    for (std::int64_t clip = clips.begin; clip < clips.end; ++clip) audio_->hear(clip);
  }

  void fill_sink(const at::Tensor& reference_CFYX) {
    if (tools_.denoiser == nullptr) return;
    const WorkTimes::Doing doing(tools_.times, "sink");
    tools_.denoiser->fill_sink(reference_CFYX, conditioning_.motion_CFYX);
  }

  void add_known_latents() {
    const Interval clips = clips_at_work(task_.chain);
    for (std::int64_t clip = clips.begin; clip < clips.end; ++clip) {
      latents_.put_clip(0, clip, noise_CFYX(tools_.clip, task_.base_seed, clip));
    }
    if (task_.unfinished) {
      for (const auto& [place, latent_CFYX] : task_.unfinished->latents_CFYX) {
        latents_.put_clip(place.first, place.second, latent_CFYX.clone());  // blocks are added to it
      }
    }
    if (!task_.carry) return;
    const std::int64_t frames = tools_.clip.latent_frames();
    for (std::int64_t level = 1; level <= routes_.steps(); ++level) {
      const at::Tensor& all_CFYX = task_.carry->left_step_CFYX.at(static_cast<std::size_t>(level - 1));
      for (std::int64_t i = 0; i < task_.carry->clips.length(); ++i) {
        latents_.put_clip(level, task_.carry->clips.begin + i, all_CFYX.narrow(1, i * frames, frames));
      }
    }
  }

  void compute(const Pass& pass) {
    const WorkTimes::Doing doing(tools_.times, "step " + std::to_string(pass.step + 1));
    Denoiser& denoiser = *tools_.denoiser;
    switch (pass.kind) {
      case Pass::Kind::Clear:
        denoiser.clear_window(pass.step);
        return;
      case Pass::Kind::Remember:
        denoiser.remember(moment_of(pass), audio_->of(pass.clip, pass.block),
                          denoiser.has_first_layer() ? entering(pass) : at::Tensor());
        return;
      case Pass::Kind::Denoise:
        const bool needs_latent = denoiser.has_first_layer() || denoiser.has_last_layer();
        made_CFYX_ = denoiser.denoise(moment_of(pass), audio_->of(pass.clip, pass.block),
                                      needs_latent ? entering(pass) : at::Tensor());
        return;
    }
  }

  at::Tensor entering(const Pass& pass) {
    return latents_.block(pass.step, pass.clip, pass.block).to(tools_.denoiser->device());
  }

  void decode(const Pass& pass) {
    const WorkTimes::Doing doing(tools_.times, "decode");
    if (pass.kind == Pass::Kind::Clear) return tools_.sink->restart();
    const at::Tensor latent_CFYX = latents_.block(pass.step + 1, pass.clip, pass.block);
    const bool is_kept = pass.kind == Pass::Kind::Denoise && task_.chain.clips.contains(pass.clip);
    is_kept ? tools_.sink->add(latent_CFYX) : tools_.sink->precede(latent_CFYX);
  }

  /// A renewal needs the latents of the clip before it, the next segment those of its history, who goes on
  /// after a stop those that entered and left the step, nobody any others.
  void forget_before(const Pass& pass) {
    if (keeps_latents_) return latents_.drop(pass.step - 1, pass.clip);
    latents_.drop(pass.step, pass.clip - 1);
    if (pass.step + 1 == routes_.steps()) latents_.drop(pass.step + 1, pass.clip - 1);
  }

  BlockMoment moment_of(const Pass& pass) const {
    const ClipShape& shape = tools_.clip;
    const std::int64_t chain_clip = pass.clip - (task_.chain.range.begin - 1);  // the lead-in is the first
    return {pass.step, chain_clip * shape.latent_frames() + pass.block * kBlockLatentFrames,
            sink_distance(task_.base_seed, pass.clip * shape.blocks + pass.block, pass.step)};
  }

  const StageTools& tools_;
  const StageRoutes& routes_;
  const Conditioning& conditioning_;
  const SegmentTask& task_;
  bool keeps_latents_;  ///< for whoever goes on when the segment is stopped
  Interval history_out_;
  SharedLatents latents_;
  std::optional<BlockAudio> audio_;  ///< of a stage with layers
  at::Tensor anchor_CFYX_;
  at::Tensor made_CFYX_;  ///< by the latest pass of ours
};

void check_carry(const SegmentTask& task) {
  const Chain& chain = task.chain;
  if (chain.starts_range() != !task.carry) {
    throw Error(ErrorKind::Bug, std::string("a segment at clip ") + std::to_string(chain.clips.begin) +
                                    " of a range from clip " + std::to_string(chain.range.begin) +
                                    (task.carry ? " has a carry" : " has no carry"));
  }
  if (!task.carry) return;
  const Interval wanted = window_history(chain, chain.clips.begin);
  if (task.carry->clips == wanted && task.carry->renewal_clips == chain.renewal_clips) return;
  throw Error(ErrorKind::InvalidInput,
              "the carry holds clips " + text_of(task.carry->clips) + " of a chain renewed every " +
                  std::to_string(task.carry->renewal_clips) + " clips; the segment needs " + text_of(wanted) +
                  ", renewed every " + std::to_string(chain.renewal_clips));
}

void check_caches(const StageTools& tools, GenerationOrder order) {
  if (order == GenerationOrder::StepMajor || tools.denoiser == nullptr) return;
  const bool does_one_step = tools.seat.routes.stage(tools.seat.stage).steps.length() == 1;
  if (does_one_step || tools.denoiser->caches() == Caches::OnePerStep) return;
  throw Error(ErrorKind::Bug, "a block cannot go through all steps with one cache");
}

/// How many of the passes were made before the segment was stopped.
std::size_t passes_known(const SegmentTask& task, std::size_t passes) {
  if (!task.unfinished) return 0;
  const std::int64_t known = task.unfinished->passes_done;
  if (known > 0 && known < static_cast<std::int64_t>(passes)) return static_cast<std::size_t>(known);
  throw Error(ErrorKind::Bug, "a segment of " + std::to_string(passes) +
                                  " passes cannot have been stopped after " + std::to_string(known));
}

}  // namespace

std::optional<ShareMade> generate_share(const StageTools& tools, const Conditioning& conditioning,
                                        const SegmentTask& task, const BeforePass& before_pass) {
  check_carry(task);
  check_caches(tools, task.order);
  const std::vector<Pass> passes =
      passes_of(task.chain, task.order, tools.seat.routes.steps(), tools.clip.blocks);
  ShareRun run(tools, conditioning, task);
  std::int64_t all = 0;
  for (const Pass& pass : passes) all += run.work_of(pass);
  if (!run.begin([&] { return before_pass(0, all); })) return std::nullopt;
  const std::size_t known = passes_known(task, passes.size());
  std::int64_t done = 0;
  for (std::size_t i = 0; i < passes.size(); ++i) {
    const std::size_t next = std::max(i, known);
    if (!before_pass(done, all)) return run.stop(static_cast<std::int64_t>(next), passes[next]);
    if (i >= known) {
      run.run(passes[i]);
    } else if (passes[i].step == passes[known].step) {
      run.replay(passes[i]);
    }
    done += run.work_of(passes[i]);
  }
  ShareMade made;
  if (!tools.seat.is_writer()) return made;
  run.catch_up();
  made.carry = run.carry();
  return made;
}

}  // namespace longtake
