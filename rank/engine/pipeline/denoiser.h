#pragma once

#include <ATen/ATen.h>

#include <optional>
#include <vector>

#include "rank/engine/pipeline/clip_shape.h"
#include "rank/engine/pipeline/transformer_model.h"
#include "rank/engine/sampling/flow_schedule.h"

// C channels, F latent frames of a block, Y latent rows, X latent columns, W words, E width of the text
// encoder, Z layers of the speech encoder, V video frames
namespace longtake {

/// The text that a film follows, as the text encoder gives it.
struct Prompt {
  at::Tensor words_WE;
  /// The null prompt's; needed only where needs_null_prompt(guide_scale) says so.
  std::optional<at::Tensor> null_words_WE{};
  double guide_scale = 0;
};

/// Where a forward pass stands.
struct BlockMoment {
  std::int64_t step = 0;
  std::int64_t first_frame = 0;  ///< of the block, in latent frames since its chain began
  std::int64_t sink_distance = 0;
};

enum class Caches {
  One,         ///< all steps take turns with one: each clears it before it begins
  OnePerStep,  ///< blocks may go through all steps one after another
};

/// A transformer with the state of one chain: its text, its noise levels, its caches. Belongs to one
/// thread. `model` must outlive it.
class Denoiser {
 public:
  /// Throws Error{InvalidInput} for more words than the model takes, Error{Bug} when guidance lacks the
  /// null prompt.
  Denoiser(TransformerModel& model, const ClipShape& clip, const Prompt& prompt, FlowSchedule schedule,
           Caches caches);

  /// What every block sees, in all caches: `reference` [C, 1, Y, X], `motion` [C, up to 19, Y, X].
  void fill_sink(const at::Tensor& reference_CFYX, const at::Tensor& motion_CFYX);

  /// The cache of `step` forgets all blocks.
  void clear_window(std::int64_t step);

  AudioTokens hear(const at::Tensor& features_ZEV) const { return model_.audio.block(features_ZEV); }

  /// The latent after the moment's step, from the one that enters it; adds the block to the step's cache.
  at::Tensor denoise(const BlockMoment& moment, const AudioTokens& audio, const at::Tensor& latent_CFYX);

  /// Adds a block to the step's cache as denoise() does, and nothing else.
  void remember(const BlockMoment& moment, const AudioTokens& audio, const at::Tensor& latent_CFYX);

  std::int64_t steps() const { return schedule_.steps(); }
  Caches caches() const { return caches_; }
  const ClipShape& clip() const { return clip_; }
  at::Device device() const { return model_.weights.options().device; }
  std::int64_t cache_bytes() const;

 private:
  /// One prompt's text and caches; guidance has two.
  struct Branch {
    StackText text;
    std::vector<StepCache> caches;
  };

  Branch branch_of(const at::Tensor& text_TD) const;
  StepCache& cache_of(Branch& branch, std::int64_t step) const;
  std::vector<at::Tensor> hidden_LD(const BlockMoment& moment, const AudioTokens& audio,
                                    const at::Tensor& latent_CFYX);

  TransformerModel& model_;
  ClipShape clip_;
  TokenGrid grid_;
  FlowSchedule schedule_;
  Caches caches_;
  double guide_scale_;
  std::vector<TimeModulation> times_;  ///< one per step
  TimeModulation time_zero_;
  std::vector<Branch> branches_;  ///< the prompt's, and the null prompt's if guidance needs it
};

}  // namespace longtake
