#include "rank/engine/pipeline/segment_generator.h"

#include <map>
#include <string>
#include <vector>

#include "jobs/error.h"
#include "rank/engine/pipeline/latent_levels.h"
#include "rank/engine/sampling/determinism.h"

// C channels, F latent frames, Y latent rows, X latent columns, Z layers of the speech encoder, E its width,
// V video frames
namespace longtake {
namespace {

at::Tensor noise_CFYX(const ClipShape& shape, std::int64_t base_seed, std::int64_t clip) {
  return clip_noise(base_seed, clip, {shape.channels, shape.latent_frames(), shape.height, shape.width});
}

/// The block's tokens of a clip's features.
AudioTokens tokens_of(const Denoiser& denoiser, const at::Tensor& features_ZEV, std::int64_t block) {
  return denoiser.hear(
      features_ZEV.narrow(2, block * kBlockFrames, kBlockFrames).to(denoiser.device(), at::kFloat));
}

/// One segment while it is generated.
class SegmentRun {
 public:
  SegmentRun(Denoiser& denoiser, const Conditioning& conditioning, const SegmentTask& task, LatentSink& sink)
      : denoiser_(denoiser),
        conditioning_(conditioning),
        task_(task),
        sink_(sink),
        history_out_(window_history(task.chain, task.chain.clips.end)),
        levels_(denoiser.clip(), denoiser.device()) {}

  void begin() {
    anchor_CFYX_ =
        task_.carry ? task_.carry->anchor_CFYX : make_anchor(denoiser_, conditioning_, task_.base_seed);
    denoiser_.fill_sink(anchor_CFYX_, conditioning_.motion_CFYX);
    const Interval generated = generated_clips(task_.chain);
    if (task_.carry) take_over(*task_.carry);
    for (std::int64_t clip = generated.begin; clip < generated.end; ++clip) add_clip(clip);
  }

  void run(const Pass& pass) {
    switch (pass.kind) {
      case Pass::Kind::Clear:
        denoiser_.clear_window(pass.step);
        if (is_last(pass.step)) sink_.restart();
        return;
      case Pass::Kind::Remember:
        denoiser_.remember(moment_of(pass), audio_of(pass), levels_.block(pass.step, pass.clip, pass.block));
        if (is_last(pass.step)) sink_.precede(levels_.block(pass.step + 1, pass.clip, pass.block));
        return;
      case Pass::Kind::Denoise:
        denoise(pass);
        return;
    }
  }

  Carry carry() const {
    Carry carry;
    carry.renewal_clips = task_.chain.renewal_clips;
    carry.clips = history_out_;
    carry.anchor_CFYX = anchor_CFYX_;
    for (std::int64_t step = 0; step < denoiser_.steps(); ++step) {
      carry.left_step_CFYX.push_back(levels_.joined(step + 1, history_out_));
    }
    return carry;
  }

 private:
  void add_clip(std::int64_t clip) {
    levels_.put_clip(0, clip, noise_CFYX(denoiser_.clip(), task_.base_seed, clip));
    const at::Tensor features_ZEV = clip < 0 ? silence_ZEV() : conditioning_.features_ZEV(clip);
    for (std::int64_t block = 0; block < denoiser_.clip().blocks; ++block) {
      audio_[clip].push_back(tokens_of(denoiser_, features_ZEV, block));
    }
  }

  /// What the published program feeds behind a recording's end.
  at::Tensor silence_ZEV() const { return at::zeros_like(conditioning_.features_ZEV(0)); }

  void take_over(const Carry& carry) {
    for (std::int64_t clip = carry.clips.begin; clip < carry.clips.end; ++clip) add_clip(clip);
    for (std::int64_t step = 0; step < denoiser_.steps(); ++step) {
      levels_.put_joined(step + 1, carry.clips, carry.left_step_CFYX.at(static_cast<std::size_t>(step)));
    }
  }

  void denoise(const Pass& pass) {
    const at::Tensor latent_CFYX =
        denoiser_.denoise(moment_of(pass), audio_of(pass), levels_.block(pass.step, pass.clip, pass.block));
    levels_.put_block(pass.step + 1, pass.clip, pass.block, latent_CFYX);
    if (is_last(pass.step)) {
      const bool is_kept = task_.chain.clips.contains(pass.clip);
      is_kept ? sink_.add(latent_CFYX) : sink_.precede(latent_CFYX);
    }
    if (pass.block + 1 == denoiser_.clip().blocks) forget_before(pass);
  }

  /// A renewal needs the latents of the clip before it, the next segment those of its history, nobody
  /// any others.
  void forget_before(const Pass& pass) {
    const std::int64_t clip = pass.clip - 1;
    if (clip >= history_out_.begin) return;
    levels_.drop(pass.step, clip);
    if (is_last(pass.step)) levels_.drop(pass.step + 1, clip);
  }

  BlockMoment moment_of(const Pass& pass) const {
    const ClipShape& shape = denoiser_.clip();
    const std::int64_t chain_clip = pass.clip - (task_.chain.range.begin - 1);  // the lead-in is the first
    return {pass.step, chain_clip * shape.latent_frames() + pass.block * kBlockLatentFrames,
            sink_distance(task_.base_seed, pass.clip * shape.blocks + pass.block, pass.step)};
  }

  const AudioTokens& audio_of(const Pass& pass) const {
    return audio_.at(pass.clip).at(static_cast<std::size_t>(pass.block));
  }

  bool is_last(std::int64_t step) const { return step + 1 == denoiser_.steps(); }

  Denoiser& denoiser_;
  const Conditioning& conditioning_;
  const SegmentTask& task_;
  LatentSink& sink_;
  Interval history_out_;
  LatentLevels levels_;
  at::Tensor anchor_CFYX_;
  std::map<std::int64_t, std::vector<AudioTokens>> audio_;  ///< by clip, then block
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
              "the carry holds clips [" + std::to_string(task.carry->clips.begin) + ", " +
                  std::to_string(task.carry->clips.end) + ") of a chain renewed every " +
                  std::to_string(task.carry->renewal_clips) + " clips; the segment needs [" +
                  std::to_string(wanted.begin) + ", " + std::to_string(wanted.end) + "), renewed every " +
                  std::to_string(chain.renewal_clips));
}

}  // namespace

at::Tensor make_anchor(Denoiser& denoiser, const Conditioning& conditioning, std::int64_t base_seed) {
  denoiser.fill_sink(conditioning.reference_CFYX, conditioning.motion_CFYX);
  const AudioTokens audio = tokens_of(denoiser, conditioning.features_ZEV(0), 0);
  at::Tensor latent_CFYX =
      noise_CFYX(denoiser.clip(), base_seed, 0).narrow(1, 0, kBlockLatentFrames).to(denoiser.device());
  for (std::int64_t step = 0; step < denoiser.steps(); ++step) {
    denoiser.clear_window(step);
    latent_CFYX = denoiser.denoise({step, 0, sink_distance(base_seed, 0, step)}, audio, latent_CFYX);
  }
  return latent_CFYX.narrow(1, 0, 1).to(at::kCPU).clone();
}

std::optional<Carry> generate_segment(Denoiser& denoiser, const Conditioning& conditioning,
                                      const SegmentTask& task, LatentSink& sink,
                                      const BeforePass& before_pass) {
  check_carry(task);
  if (task.order == GenerationOrder::BlockMajor && denoiser.caches() == Caches::One) {
    throw Error(ErrorKind::Bug, "a block cannot go through all steps with one cache");
  }
  const std::vector<Pass> passes =
      passes_of(task.chain, task.order, denoiser.steps(), denoiser.clip().blocks);
  SegmentRun run(denoiser, conditioning, task, sink);
  run.begin();
  const auto all = static_cast<std::int64_t>(passes.size());
  for (std::int64_t done = 0; done < all; ++done) {
    if (!before_pass(done, all)) return std::nullopt;
    run.run(passes[static_cast<std::size_t>(done)]);
  }
  return run.carry();
}

}  // namespace longtake
