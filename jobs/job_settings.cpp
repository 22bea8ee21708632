#include "jobs/job_settings.h"

#include <charconv>

#include "jobs/yaml_document.h"

namespace longtake {
namespace {

const std::vector<Choice<Toggle>> kToggles = {
    {"auto", Toggle::Auto}, {"false", Toggle::Off}, {"true", Toggle::On}};
const std::vector<Choice<Continuity>> kContinuities = {
    {"auto", Continuity::Auto}, {"chained", Continuity::Chained}, {"parallel", Continuity::Parallel}};
const std::vector<Choice<Precision>> kPrecisions = {
    {"auto", Precision::Auto}, {"fp8", Precision::Fp8}, {"int8", Precision::Int8}};
const std::vector<Choice<KvCacheDtype>> kKvCacheDtypes = {{"auto", KvCacheDtype::Auto},
                                                          {"fp8", KvCacheDtype::Fp8}};
const std::vector<Choice<OnOom>> kOnOoms = {{"fail", OnOom::Fail}, {"smaller_size", OnOom::SmallerSize}};

template <class Value>
std::string_view word_of(const std::vector<Choice<Value>>& choices, Value value) {
  for (const Choice<Value>& choice : choices) {
    if (choice.value == value) return choice.word;
  }
  return "";
}

template <class Source, class Target>
void set(const std::optional<Source>& read, Target& target) {
  if (read) target = static_cast<Target>(*read);
}

/// The side at the beginning of `text`, which is then cut off it.
std::optional<std::int64_t> take_side(std::string_view& text) {
  constexpr std::int64_t kShortestSide = 64;
  constexpr std::int64_t kLongestSide = 8192;
  std::int64_t side = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), side);
  if (error != std::errc{} || side < kShortestSide || side > kLongestSide) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return side;
}

void read_size(YamlDocument& yaml, JobSettings& settings) {
  const std::optional<std::string> text = yaml.text("size");
  if (!text) return;
  if (const auto size = size_limit_from(*text)) {
    settings.size = *size;
    return;
  }
  yaml.add_problem("size", "must be WIDTH*HEIGHT with sides from 64 to 8192, got '" + *text + "'",
                   "write for example 704*384");
}

void read_clips(YamlDocument& yaml, JobSettings& settings) {
  constexpr std::int64_t kMostClips = 10'000'000;
  constexpr std::int64_t kLongestClip_frames = 4800;
  if (yaml.is_word("num_clip", "auto")) {
    settings.num_clip.reset();
  } else if (const auto clips = yaml.integer("num_clip", {1, kMostClips}, "auto")) {
    settings.num_clip = *clips;
  }
  if (yaml.is_word("segment_clips", "auto")) {
    settings.segment_clips.reset();
  } else if (const auto clips = yaml.integer("segment_clips", {1, 512}, "auto")) {
    settings.segment_clips = static_cast<int>(*clips);
  }
  const auto frames = yaml.integer("infer_frames", {kFramesPerBlock, kLongestClip_frames});
  if (!frames) return;
  if (*frames % kFramesPerBlock != 0) {
    yaml.add_problem("infer_frames",
                     "must be a multiple of 12, got " + std::to_string(*frames) +
                         ": a clip is made of whole blocks, and a block is 3 latent frames of 4 frames each",
                     "write " + std::to_string((*frames / kFramesPerBlock + 1) * kFramesPerBlock) +
                         " or leave the default, 48");
    return;
  }
  settings.infer_frames = static_cast<int>(*frames);
}

void read_sampling(YamlDocument& yaml, JobSettings& settings) {
  set(yaml.integer("sample_steps", {1, 100}), settings.sample_steps);
  set(yaml.number("sample_guide_scale", {0, 20}), settings.sample_guide_scale);
  set(yaml.boolean("fold_last_step"), settings.fold_last_step);
  set(yaml.integer("base_seed", {0, INT64_MAX}), settings.base_seed);
  if (settings.fold_last_step && settings.sample_steps == 1) {
    const bool is_set_here = yaml.has("fold_last_step");
    yaml.add_problem(
        is_set_here ? "fold_last_step" : "sample_steps",
        "fold_last_step joins the last step to the one before, and with sample_steps 1 there is none",
        "write sample_steps: 2 or more, or fold_last_step: false");
  }
}

}  // namespace

std::string_view name_of(Continuity continuity) { return word_of(kContinuities, continuity); }
std::string_view name_of(Toggle toggle) { return word_of(kToggles, toggle); }
std::string_view name_of(OnOom on_oom) { return word_of(kOnOoms, on_oom); }

std::optional<SizeLimit> size_limit_from(std::string_view text) {
  const auto width = take_side(text);
  if (!width || text.empty() || (text[0] != '*' && text[0] != 'x')) return std::nullopt;
  text.remove_prefix(1);
  const auto height = take_side(text);
  if (!height || !text.empty()) return std::nullopt;
  return SizeLimit{std::to_string(*width) + "*" + std::to_string(*height), *width * *height};
}

void read_settings(YamlDocument& yaml, JobSettings& settings) {
  read_size(yaml, settings);
  read_sampling(yaml, settings);
  read_clips(yaml, settings);
  set(yaml.choice("enable_online_decode", kToggles), settings.enable_online_decode);
  set(yaml.choice("offload_model", kToggles), settings.offload_model);
  set(yaml.choice("precision", kPrecisions), settings.precision);
  set(yaml.choice("kv_cache_dtype", kKvCacheDtypes), settings.kv_cache_dtype);
  set(yaml.choice("continuity", kContinuities), settings.continuity);
  set(yaml.boolean("trim_silence"), settings.trim_silence);
  set(yaml.choice("on_oom", kOnOoms), settings.on_oom);
}

}  // namespace longtake
