#include "rank/engine/pipeline/passes.h"

#include <algorithm>
#include <string>

#include "jobs/error.h"

namespace longtake {
namespace {

void check_chain(const Chain& chain) {
  const bool is_within = chain.range.begin <= chain.clips.begin && chain.clips.end <= chain.range.end;
  if (is_within && !chain.clips.is_empty() && chain.renewal_clips >= 1) return;
  throw Error(ErrorKind::Bug, "cannot generate clips " + text_of(chain.clips) + " of the range " +
                                  text_of(chain.range) + ", renewed every " +
                                  std::to_string(chain.renewal_clips) + " clips");
}

/// Collects passes; each call adds a part of the work.
class PassList {
 public:
  PassList(const Chain& chain, std::int64_t blocks_per_clip) : chain_(chain), blocks_(blocks_per_clip) {}

  /// The window as the segment finds it.
  void open(std::int64_t step) {
    passes_.push_back({Pass::Kind::Clear, step, generated_clips(chain_).begin, 0});
    if (!chain_.starts_range()) remember(step, window_history(chain_, chain_.clips.begin));
  }

  void renew_before(std::int64_t step, std::int64_t clip) {
    const bool is_inside = clip > chain_.clips.begin;
    if (!is_inside || (clip - chain_.range.begin) % chain_.renewal_clips != 0) return;
    passes_.push_back({Pass::Kind::Clear, step, clip, 0});
    remember(step, window_history(chain_, clip));
  }

  void denoise(std::int64_t step, std::int64_t clip, std::int64_t block) {
    passes_.push_back({Pass::Kind::Denoise, step, clip, block});
  }

  std::vector<Pass> take() { return std::move(passes_); }

 private:
  void remember(std::int64_t step, Interval clips) {
    for (std::int64_t clip = clips.begin; clip < clips.end; ++clip) {
      for (std::int64_t block = 0; block < blocks_; ++block) {
        passes_.push_back({Pass::Kind::Remember, step, clip, block});
      }
    }
  }

  const Chain& chain_;
  std::int64_t blocks_;
  std::vector<Pass> passes_;
};

std::vector<Pass> step_major(const Chain& chain, std::int64_t steps, std::int64_t blocks) {
  PassList list(chain, blocks);
  const Interval clips = generated_clips(chain);
  for (std::int64_t step = 0; step < steps; ++step) {
    list.open(step);
    for (std::int64_t clip = clips.begin; clip < clips.end; ++clip) {
      list.renew_before(step, clip);
      for (std::int64_t block = 0; block < blocks; ++block) list.denoise(step, clip, block);
    }
  }
  return list.take();
}

std::vector<Pass> block_major(const Chain& chain, std::int64_t steps, std::int64_t blocks) {
  PassList list(chain, blocks);
  const Interval clips = generated_clips(chain);
  for (std::int64_t step = 0; step < steps; ++step) list.open(step);
  for (std::int64_t clip = clips.begin; clip < clips.end; ++clip) {
    for (std::int64_t step = 0; step < steps; ++step) list.renew_before(step, clip);
    for (std::int64_t block = 0; block < blocks; ++block) {
      for (std::int64_t step = 0; step < steps; ++step) list.denoise(step, clip, block);
    }
  }
  return list.take();
}

}  // namespace

Interval window_history(const Chain& chain, std::int64_t clip) {
  check_chain(chain);
  const std::int64_t since_renewal = (clip - chain.range.begin) % chain.renewal_clips;
  return {clip - since_renewal - 1, clip};
}

Interval generated_clips(const Chain& chain) {
  return {chain.clips.begin - (chain.starts_range() ? 1 : 0), chain.clips.end};
}

Interval clips_at_work(const Chain& chain) {
  return {window_history(chain, chain.clips.begin).begin, chain.clips.end};
}

std::vector<std::int64_t> heard_clips(const Chain& chain) {
  const Interval clips = clips_at_work(chain);
  std::vector<std::int64_t> heard;
  if (chain.starts_range() && clips.begin > 0) heard.push_back(0);
  for (std::int64_t clip = std::max<std::int64_t>(0, clips.begin); clip < clips.end; ++clip) {
    heard.push_back(clip);
  }
  return heard;
}

std::vector<Pass> passes_of(const Chain& chain, GenerationOrder order, std::int64_t steps,
                            std::int64_t blocks_per_clip) {
  check_chain(chain);
  return order == GenerationOrder::StepMajor ? step_major(chain, steps, blocks_per_clip)
                                             : block_major(chain, steps, blocks_per_clip);
}

}  // namespace longtake
