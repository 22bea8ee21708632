#pragma once

#include <ATen/ATen.h>

#include <optional>
#include <string>
#include <vector>

#include "rank/engine/pipeline/clip_shape.h"
#include "rank/engine/pipeline/transformer_model.h"
#include "rank/engine/sampling/flow_schedule.h"
#include "rank/engine/transport/transport.h"

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

/// How many caches a denoiser remembers blocks in, and what those keep them as.
struct Caches {
  enum Count {
    One,         ///< all steps take turns with one: each clears it before it begins
    OnePerStep,  ///< blocks may go through all steps one after another
  };
  Caches(Count wanted, KvCacheDtype kept_in = KvCacheDtype::Auto) : count(wanted), dtype(kept_in) {}

  Count count;
  KvCacheDtype dtype;
};

/// What a denoiser does of a group's work; by default all of it. Its layers are those of the model.
struct DenoiserShare {
  std::optional<Interval> steps{};  ///< all
  Transport* transport = nullptr;   ///< needed where there are neighbours; must outlive the denoiser
  std::optional<int> before{};      ///< the stage that has the layers before ours
  std::optional<int> next{};        ///< the stage that has those behind
};

/// Some layers of a transformer with the state of one chain: its text, its noise levels, its caches.
/// Belongs to one thread. `model` must outlive it. With neighbours each call takes hidden states from the
/// one before and hands them to the next: all of a row make the same calls in the same order.
class Denoiser {
 public:
  /// Throws Error{InvalidInput} for more words than the model takes, Error{Bug} when guidance lacks the
  /// null prompt, or the share a neighbour that the model's layers need.
  Denoiser(TransformerModel& model, const ClipShape& clip, const Prompt& prompt, FlowSchedule schedule,
           Caches caches, DenoiserShare share = {});

  /// What every block sees, in all caches: `reference` [C, 1, Y, X], `motion` [C, up to 19, Y, X]; not
  /// looked at without the first layer.
  void fill_sink(const at::Tensor& reference_CFYX, const at::Tensor& motion_CFYX);

  /// The cache of `step` forgets all blocks.
  void clear_window(std::int64_t step);

  /// Needs the first layer.
  AudioTokens hear(const at::Tensor& features_ZEV) const { return model_.audio.value().block(features_ZEV); }

  /// The latent after the moment's step, from the one that enters it; adds the block to the step's cache.
  /// The given latent is not looked at without the first or the last layer; without the last one nothing
  /// is returned.
  at::Tensor denoise(const BlockMoment& moment, const AudioTokens& audio, const at::Tensor& latent_CFYX);

  /// Adds a block to the step's cache as denoise() does, and nothing else.
  void remember(const BlockMoment& moment, const AudioTokens& audio, const at::Tensor& latent_CFYX);

  bool has_first_layer() const { return model_.input.has_value(); }
  bool has_last_layer() const { return model_.head.has_value(); }
  Caches::Count caches() const { return caches_.count; }
  const ClipShape& clip() const { return clip_; }
  at::Device device() const { return model_.weights.options().device; }

 private:
  /// One prompt's text and caches; guidance has two.
  struct Branch {
    StackText text;
    std::vector<StepCache> caches;
  };

  Branch branch_of(const at::Tensor& text_TD) const;
  StepCache& cache_of(Branch& branch, std::int64_t step) const;
  at::Tensor from_before(const std::string& tag, std::int64_t tokens) const;
  std::vector<at::Tensor> hidden_LD(const BlockMoment& moment, const AudioTokens& audio,
                                    const at::Tensor& latent_CFYX);

  TransformerModel& model_;
  ClipShape clip_;
  TokenGrid grid_;
  FlowSchedule schedule_;
  Caches caches_;
  DenoiserShare share_;
  Interval steps_;  ///< that go through here
  double guide_scale_;
  std::vector<TimeModulation> times_;  ///< one per step
  TimeModulation time_zero_;
  std::vector<Branch> branches_;  ///< the prompt's, and the null prompt's if guidance needs it
};

}  // namespace longtake
