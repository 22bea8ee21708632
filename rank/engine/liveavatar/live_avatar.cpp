#include "rank/engine/liveavatar/live_avatar.h"

#include <c10/core/InferenceMode.h>
#include <c10/util/Exception.h>

#include <filesystem>
#include <vector>

#include "jobs/error.h"
#include "rank/engine/gpu/device_failure.h"
#include "rank/engine/gpu/device_memory.h"
#include "rank/engine/liveavatar/segment_output.h"
#include "rank/engine/liveavatar/speech_of_clips.h"
#include "rank/engine/pipeline/reference_latents.h"
#include "storage/media/image.h"

namespace longtake {
namespace {

constexpr const char* kCaches = "caches";

std::vector<std::uint8_t> reference_of(const SegmentOrder& order) {
  RgbImage image = read_png(order.reference_image);
  if (image.size == order.size) return std::move(image.rgb);
  throw Error(ErrorKind::InvalidInput,
              "the reference image " + order.reference_image + " is " + std::to_string(image.size.width) +
                  "x" + std::to_string(image.size.height) + ", the film is " +
                  std::to_string(order.size.width) + "x" + std::to_string(order.size.height));
}

std::string precision_name(Precision precision, at::ScalarType type) {
  if (precision != Precision::Auto) return std::string(name_of(precision));
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

}  // namespace

LoadedModel& LiveAvatar::model_of(const SegmentOrder& order) {
  WeightOptions options = device_.options();
  options.precision = order.settings.precision;
  const std::string name =
      order.settings.model + "\n" + order.settings.lora + "\n" + std::string(name_of(options.precision));
  if (model_ == nullptr || name != model_name_) {
    job_.reset();
    model_.reset();  // before the next is loaded: there may not be room for both
    model_ = std::make_unique<LoadedModel>(
        order.settings.model, order.settings.lora, options, [this] { watch_.ask_while("loading the model"); },
        account_);
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
    const MemoryAccount::Making making(account_, kCaches);
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
  work.device = device_.name();
  work.precision = precision_name(attempt.order.settings.precision, device_.options().dtype);
  work.seconds = attempt.times.seconds();
  if (!device_.options().device.is_cpu()) {
    work.allocated_bytes = account_.peak_bytes();
    work.reserved_bytes = account_.peak_reserved_bytes();
  }
  work.used_bytes = device_.peak_bytes(account_);
  work.peak = account_.peak();
  return work;
}

std::optional<PartMade> LiveAvatar::make_within(const SegmentOrder& order) {
  LoadedModel& model = model_of(order);
  Attempt attempt(order, model, watch_, device_.options().device);
  attempt.times.tell([this](const std::string& moment) { account_.on_over(moment); });
  device_.prepare(attempt.routes.stages() > 1);
  return make_share(attempt, model);
}

std::optional<PartMade> LiveAvatar::make(const SegmentOrder& order, const AfterFrame& after_frame) try {
  const c10::InferenceMode inference;
  const OrderWatch::Order watched(watch_, after_frame, order.frames.length());
  account_.begin_segment();
  account_.on_dropped(kCaches);  // of the segment before
  return make_within(order);
} catch (const c10::Error& e) {
  const Error error = device_.error_of(e, account_);
  if (error.kind() == ErrorKind::OutOfMemory) empty_device_cache(device_.options().device);
  throw error;
}

bool LiveAvatar::can_go_on() const { return can_compute(device_.options().device); }

}  // namespace longtake
