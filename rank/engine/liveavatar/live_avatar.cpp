#include "rank/engine/liveavatar/live_avatar.h"

#include <ATen/Context.h>
#include <c10/core/InferenceMode.h>
#include <c10/util/Exception.h>

#include <vector>

#include "jobs/error.h"
#include "rank/engine/liveavatar/speech_of_clips.h"
#include "rank/engine/pipeline/segment_generator.h"
#include "rank/engine/pipeline/vae_frames.h"
#include "rank/engine/sampling/guidance.h"
#include "storage/media/image.h"
#include "storage/media/segment_writer.h"

namespace longtake {
namespace {

std::vector<std::uint8_t> reference_of(const SegmentOrder& order) {
  RgbImage image = read_png(order.reference_image);
  if (image.size == order.size) return std::move(image.rgb);
  throw Error(ErrorKind::InvalidInput,
              "the reference image " + order.reference_image + " is " + std::to_string(image.size.width) +
                  "x" + std::to_string(image.size.height) + ", the film is " +
                  std::to_string(order.size.width) + "x" + std::to_string(order.size.height));
}

/// A range's first segment is as long as all others of it but the last: its length is the renewal. Later
/// ones find it in their carry.
SegmentTask task_of(const SegmentOrder& order, std::int64_t steps, const ClipShape& shape) {
  SegmentTask task{{order.range, order.clips, std::max<std::int64_t>(1, order.clips.length())},
                   order.settings.base_seed};
  if (order.carry_in.empty()) return task;
  task.carry = read_carry(order.carry_in, {order.identity, order.clips.begin, steps, shape});
  task.chain.renewal_clips = task.carry->renewal_clips;
  return task;
}

/// Clips whose sound the segment hears: the anchor's, those of its history, its own.
std::vector<std::int64_t> heard_clips(const Chain& chain) {
  std::vector<std::int64_t> clips = {0};
  const Interval heard = {window_history(chain, chain.clips.begin).begin, chain.clips.end};
  for (std::int64_t clip = std::max<std::int64_t>(1, heard.begin); clip < heard.end; ++clip) {
    clips.push_back(clip);
  }
  return clips;
}

/// The kind of a failure that LibTorch tells in words only.
ErrorKind kind_of(const std::string& message) {
  const auto says = [&](const char* words) { return message.find(words) != std::string::npos; };
  if (says("out of memory") || says("can't allocate memory")) return ErrorKind::OutOfMemory;
  return says("CUDA error") ? ErrorKind::DeviceLost : ErrorKind::Bug;
}

}  // namespace

WeightOptions device_here() {
  if (at::hasCUDA() && at::globalContext().hasCUDA()) return {at::kBFloat16, at::Device(at::kCUDA, 0)};
  return {};
}

LoadedModel& LiveAvatar::model_of(const SegmentOrder& order) {
  const std::string name = order.settings.model + "\n" + order.settings.lora;
  if (model_ == nullptr || name != model_name_) {
    job_.reset();
    model_.reset();  // before the next is loaded: there may not be room for both
    model_ = std::make_unique<LoadedModel>(order.settings.model, order.settings.lora, options_);
    model_name_ = name;
  }
  return *model_;
}

const LiveAvatar::Job& LiveAvatar::job_of(const SegmentOrder& order, LoadedModel& model) {
  if (job_ && job_->identity == order.identity) return *job_;
  Job job;
  job.identity = order.identity;
  job.prompt.words_WE = model.encode_words(order.settings.prompt);
  job.prompt.guide_scale = order.settings.sample_guide_scale;
  if (needs_null_prompt(job.prompt.guide_scale)) job.prompt.null_words_WE = model.encode_words("");
  job.reference = encode_reference(model.load_encoder(), reference_of(order), order.size);
  return job_.emplace(std::move(job));
}

std::optional<PartMade> LiveAvatar::make(const SegmentOrder& order, const AfterFrame& after_frame) try {
  const c10::InferenceMode inference;
  LoadedModel& model = model_of(order);
  const ClipShape shape =
      clip_shape(order.settings.infer_frames, order.size, model.vae().z_dim, model.vae().spatial_stride());
  const FlowSchedule schedule = flow_schedule(order.settings.sample_steps, order.settings.fold_last_step);
  const SegmentTask task = task_of(order, schedule.steps(), shape);
  const Job& job = job_of(order, model);
  const auto speech = speech_of_clips(model.load_audio_encoder(), order, heard_clips(task.chain));
  const Conditioning conditioning{job.reference.reference_CFYX, job.reference.motion_CFYX,
                                  [&](std::int64_t clip) { return speech.at(clip); }};
  Denoiser denoiser(model.transformer(), shape, job.prompt, schedule, Caches::One);

  SegmentWriter writer(order.segment,
                       {order.size, kFramesPerSecond, order.identity, writer_of(order.attempt)});
  // The film's last clip may be longer than the film.
  VaeFrames frames(model.decoder(), [&](const std::uint8_t* rgb) {
    if (writer.frames() < order.frames.length()) writer.add(rgb);
  });
  const auto carry = generate_segment(denoiser, conditioning, task, frames, [&](std::int64_t, std::int64_t) {
    return after_frame(writer.frames());
  });
  if (!carry || !after_frame(writer.frames())) return std::nullopt;
  write_carry(order.carry_out, *carry, order.identity);
  return PartMade{writer.commit(order.frames.length()), {}};
} catch (const c10::Error& e) {
  throw Error(kind_of(e.what_without_backtrace()),
              std::string("computing a segment: ") + e.what_without_backtrace());
}

}  // namespace longtake
