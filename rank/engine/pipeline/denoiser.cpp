#include "rank/engine/pipeline/denoiser.h"

#include "jobs/error.h"
#include "rank/engine/sampling/guidance.h"
#include "rank/engine/transformer/text_embedding.h"
#include "rank/engine/transformer/time_embedding.h"

// L tokens of a block, S tokens of the sink, T text tokens, J pairs of a head, D model width
namespace longtake {
namespace {

std::string branch_text(std::size_t branch) { return branch == 0 ? "" : ", null prompt"; }

std::string sink_tag(std::size_t branch) { return "hidden states of the sink" + branch_text(branch); }

std::string block_tag(const BlockMoment& moment, std::size_t branch) {
  return "hidden states of step " + std::to_string(moment.step) + ", latent frame " +
         std::to_string(moment.first_frame) + branch_text(branch);
}

void check_neighbours(const TransformerModel& model, const DenoiserShare& share) {
  const bool fits = model.input.has_value() == !share.before && model.head.has_value() == !share.next;
  const bool can_speak = share.transport != nullptr || (!share.before && !share.next);
  if (fits && can_speak) return;
  const Interval layers = model.layers.layers();
  throw Error(ErrorKind::Bug, "layers " + text_of(layers) + " of " + std::to_string(model.config.layers) +
                                  " need a neighbour on each side that is not an end, and a transport");
}

}  // namespace

Denoiser::Denoiser(TransformerModel& model, const ClipShape& clip, const Prompt& prompt,
                   FlowSchedule schedule, Caches caches, DenoiserShare share)
    : model_(model),
      clip_(clip),
      grid_(clip.block_grid()),
      schedule_(std::move(schedule)),
      caches_(caches),
      share_(share),
      steps_(share.steps.value_or(Interval{0, schedule_.steps()})),
      guide_scale_(prompt.guide_scale) {
  check_neighbours(model, share);
  const TimeEmbedding time(model.config, model.weights);
  time_zero_ = time.at(0);
  for (const float timestep : schedule_.timesteps) times_.push_back(time.at(timestep));
  const TextEmbedding text(model.config, model.weights);
  branches_.push_back(branch_of(text(prompt.words_WE.to(device()))));
  if (!needs_null_prompt(guide_scale_)) return;
  if (!prompt.null_words_WE) {
    throw Error(ErrorKind::Bug, "guidance of scale " + std::to_string(guide_scale_) + " has no null prompt");
  }
  branches_.push_back(branch_of(text(prompt.null_words_WE->to(device()))));
}

Denoiser::Branch Denoiser::branch_of(const at::Tensor& text_TD) const {
  Branch branch{model_.layers.text(text_TD), {}};
  const std::int64_t count = caches_.count == Caches::One ? 1 : steps_.length();
  for (std::int64_t i = 0; i < count; ++i) {
    branch.caches.push_back(model_.layers.new_cache({grid_, clip_.blocks, caches_.dtype}));
  }
  return branch;
}

StepCache& Denoiser::cache_of(Branch& branch, std::int64_t step) const {
  return branch.caches.at(caches_.count == Caches::One ? 0 : static_cast<std::size_t>(step - steps_.begin));
}

at::Tensor Denoiser::from_before(const std::string& tag, std::int64_t tokens) const {
  return share_.transport->receive(*share_.before, Lane::Paced, tag, {tokens, model_.config.dim})
      .to(device());
}

void Denoiser::fill_sink(const at::Tensor& reference_CFYX, const at::Tensor& motion_CFYX) {
  const at::Tensor turn_SJ = sink_turn_SJ(model_.config, grid_, device());
  for (std::size_t i = 0; i < branches_.size(); ++i) {
    Branch& branch = branches_[i];
    // Anew for every branch: the layers compute in it.
    const at::Tensor entering_SD =
        model_.input ? model_.input->sink_SD(reference_CFYX.to(device()), motion_CFYX.to(device()))
                     : from_before(sink_tag(i), sink_tokens(grid_));
    StepCache& first = branch.caches.front();
    const at::Tensor left_SD = model_.layers.run_sink(entering_SD, turn_SJ, time_zero_, branch.text, first);
    if (share_.next) share_.transport->send(*share_.next, Lane::Paced, sink_tag(i), left_SD);
    for (std::size_t j = 1; j < branch.caches.size(); ++j) branch.caches[j].share_sink(first);
  }
}

void Denoiser::clear_window(std::int64_t step) {
  for (Branch& branch : branches_) cache_of(branch, step).clear_window();
}

/// What left the last layer, by branch; nothing where others have it.
std::vector<at::Tensor> Denoiser::hidden_LD(const BlockMoment& moment, const AudioTokens& audio,
                                            const at::Tensor& latent_CFYX) {
  const BlockPlace place =
      block_place(model_.config, grid_, moment.first_frame, moment.sink_distance, device());
  const TimeModulation& time = times_.at(static_cast<std::size_t>(moment.step));
  const StackAudio heard = model_.layers.audio(audio);
  std::vector<at::Tensor> hidden;
  for (std::size_t i = 0; i < branches_.size(); ++i) {
    const at::Tensor entering_LD = model_.input ? model_.input->block_LD(latent_CFYX, std::nullopt)
                                                : from_before(block_tag(moment, i), grid_.tokens());
    const at::Tensor left_LD = model_.layers.run_block(entering_LD, place, time, branches_[i].text, heard,
                                                       cache_of(branches_[i], moment.step));
    if (model_.head) hidden.push_back(left_LD);
    if (share_.next) share_.transport->send(*share_.next, Lane::Paced, block_tag(moment, i), left_LD);
  }
  return hidden;
}

at::Tensor Denoiser::denoise(const BlockMoment& moment, const AudioTokens& audio,
                             const at::Tensor& latent_CFYX) {
  const TimeModulation& time = times_.at(static_cast<std::size_t>(moment.step));
  std::vector<at::Tensor> velocities;
  for (const at::Tensor& hidden : hidden_LD(moment, audio, latent_CFYX)) {
    velocities.push_back(model_.head->velocity_CFYX(hidden, time, grid_));
  }
  if (velocities.empty()) return {};
  const at::Tensor velocity =
      velocities.size() == 1 ? velocities[0] : guided_velocity(velocities[0], velocities[1], guide_scale_);
  return euler_step(schedule_, moment.step, latent_CFYX, velocity);
}

void Denoiser::remember(const BlockMoment& moment, const AudioTokens& audio, const at::Tensor& latent_CFYX) {
  hidden_LD(moment, audio, latent_CFYX);
}

}  // namespace longtake
