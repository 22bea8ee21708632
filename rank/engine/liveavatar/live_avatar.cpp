#include "rank/engine/liveavatar/live_avatar.h"

#include <ATen/Context.h>
#include <c10/core/InferenceMode.h>
#include <c10/util/Exception.h>
#include <sys/resource.h>

#include <filesystem>
#include <vector>

#include "jobs/error.h"
#include "rank/engine/liveavatar/segment_output.h"
#include "rank/engine/liveavatar/speech_of_clips.h"
#include "rank/engine/pipeline/reference_latents.h"
#include "rank/engine/torch_compat.h"
#include "storage/media/image.h"

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

/// The kind of a failure that LibTorch tells in words only.
ErrorKind kind_of(const std::string& message) {
  const auto says = [&](const char* words) { return message.find(words) != std::string::npos; };
  if (says("out of memory") || says("can't allocate memory")) return ErrorKind::OutOfMemory;
  return says("CUDA error") ? ErrorKind::DeviceLost : ErrorKind::Bug;
}

std::string precision_name(at::ScalarType type) {
  switch (type) {
    case at::kFloat:
      return "fp32";
    case at::kBFloat16:
      return "bf16";
    case at::kHalf:
      return "fp16";
    default:
      return c10::toString(type);
  }
}

std::int64_t peak_resident_bytes() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return std::int64_t{usage.ru_maxrss} * 1024;
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
    model_ = std::make_unique<LoadedModel>(order.settings.model, order.settings.lora, options_,
                                           [this] { watch_.ask_while("loading the model"); });
    model_name_ = name;
  }
  return *model_;
}

const LiveAvatar::Job& LiveAvatar::job_of(Attempt& attempt, LoadedModel& model) {
  const SegmentOrder& order = attempt.order;
  if (job_ && job_->identity == order.identity) return *job_;
  job_.reset();
  model.drop_transformer();
  Job job;
  job.identity = order.identity;
  {
    const WorkTimes::Doing doing(attempt.times, "text");
    job.inputs.words_WE = model.encode_words(order.settings.prompt);
    if (attempt.wanted_inputs().needs_null_prompt) job.inputs.null_words_WE = model.encode_words("");
  }
  const WorkTimes::Doing doing(attempt.times, "reference");
  const ReferenceLatents latents = encode_reference(model.load_encoder(), reference_of(order), order.size);
  job.inputs.reference_CFYX = latents.reference_CFYX;
  job.inputs.motion_CFYX = latents.motion_CFYX;
  return job_.emplace(std::move(job));
}

/// What this stage encodes.
EncodedInputs LiveAvatar::encode(Attempt& attempt, LoadedModel& model) {
  EncodedInputs inputs;
  if (attempt.stage().text) inputs = job_of(attempt, model).inputs;
  if (!attempt.stage().audio) return inputs;
  const WorkTimes::Doing doing(attempt.times, "speech");
  inputs.features_ZEV =
      speech_of_clips(model.load_audio_encoder(), attempt.order, attempt.wanted_inputs().clips,
                      [this] { watch_.ask_while("encoding the speech"); });
  return inputs;
}

/// Encodes before it loads; the others of the group load meanwhile.
EncodedInputs LiveAvatar::gather_inputs(Attempt& attempt, LoadedModel& model) {
  const Stage& stage = attempt.stage();
  const bool encodes = stage.text || stage.audio;
  EncodedInputs inputs;
  if (encodes) inputs = share_inputs(attempt.seat(), attempt.wanted_inputs(), encode(attempt, model));
  {
    const WorkTimes::Doing doing(attempt.times, "load");
    if (!stage.layers.is_empty()) model.transformer(stage.layers);
    if (stage.vae) model.decoder();
  }
  return encodes ? inputs : share_inputs(attempt.seat(), attempt.wanted_inputs(), {});
}

std::optional<PartMade> LiveAvatar::make_share(Attempt& attempt, LoadedModel& model) {
  const SegmentOrder& order = attempt.order;
  const EncodedInputs inputs = gather_inputs(attempt, model);
  attempt.take_up_unfinished();
  std::optional<Denoiser> denoiser;
  if (!attempt.stage().layers.is_empty()) {
    const WorkTimes::Doing doing(attempt.times, "load");
    denoiser.emplace(model.transformer(attempt.stage().layers), attempt.clip,
                     inputs.prompt(order.settings.sample_guide_scale), attempt.schedule, attempt.caches(),
                     attempt.denoiser_share());
  }
  std::optional<SegmentOutput> film;
  if (attempt.seat().is_writer()) film.emplace(order, model.decoder());

  const StageTools tools{attempt.seat(), attempt.clip, denoiser ? &*denoiser : nullptr,
                         film ? &film->latents() : nullptr, attempt.times};
  const auto made =
      generate_share(tools, inputs.conditioning(), attempt.task,
                     [&](std::int64_t done, std::int64_t all) { return watch_.advance(done, all); });
  if (!made) return std::nullopt;
  if (made->unfinished) {
    if (watch_.is_out_of_time())
      write_unfinished(order.unfinished, *made->unfinished, attempt.unfinished_owner());
    return std::nullopt;
  }
  if (attempt.transport != nullptr) attempt.transport->leave();
  watch_.advance(1, 1);  // what is complete is written, however little time is left
  if (!watch_.goes_on()) return std::nullopt;
  PartMade part;
  if (film) {
    const WorkTimes::Doing doing(attempt.times, "write");
    part.facts = film->commit(made->carry.value());
    std::error_code none;
    std::filesystem::remove(order.unfinished, none);
  }
  part.work = work_of(attempt);
  return part;
}

EngineWork LiveAvatar::work_of(const Attempt& attempt) const {
  EngineWork work;
  work.device = options_.device.str();
  work.precision = precision_name(options_.dtype);
  work.seconds = attempt.times.seconds();
  const std::optional<DeviceMemory> memory = device_memory(options_.device);
  if (memory) {
    work.allocated_bytes = memory->peak_allocated;
    work.reserved_bytes = memory->peak_reserved;
  }
  work.used_bytes = memory ? memory->used : peak_resident_bytes();
  return work;
}

std::optional<PartMade> LiveAvatar::make(const SegmentOrder& order, const AfterFrame& after_frame) try {
  const c10::InferenceMode inference;
  const OrderWatch::Order watched(watch_, after_frame, order.frames.length());
  forget_device_peak(options_.device);
  LoadedModel& model = model_of(order);
  Attempt attempt(order, model, watch_, options_.device);
  return make_share(attempt, model);
} catch (const c10::Error& e) {
  throw Error(kind_of(e.what_without_backtrace()),
              std::string("computing a segment: ") + e.what_without_backtrace());
}

}  // namespace longtake
