#include "rank/engine/bench/bench_options.h"

#include <CLI/CLI.hpp>
#include <regex>
#include <thread>

#include "jobs/error.h"
#include "rank/engine/gpu/device_name.h"

namespace longtake {
namespace {

constexpr const char* kDescription =
    "Measures the generator: a model with the weights of a checkpoint, or random ones of the sizes of a "
    "config.json,\n"
    "makes blocks of 12 frames from noise. One JSON document goes to standard output, a table for people to\n"
    "standard error.";

constexpr double kGibibyte = 1024.0 * 1024.0 * 1024.0;

constexpr const char* kExamples =
    "examples:\n"
    "  longtake-engine bench --config configs/models/Wan2.2-S2V-14B --size 720*400 --precision bf16 "
    "--device cuda\n"
    "  longtake-engine bench --config configs/models/Wan2.2-S2V-14B --size 384*256 --precision bf16\n"
    "  longtake-engine bench --config tiny.json --layout layers:2/4 --no-vae --profile\n\n"
    "exit codes: 0 measured; 1 it failed; 2 you must change something; 3 out of memory";

[[noreturn]] void refuse(const std::string& option, const std::string& wanted, const std::string& given) {
  throw Error(ErrorKind::InvalidInput, option + " must be " + wanted + ", got '" + given + "'");
}

/// Any multiple of a token's 16 pixels: sizes that a film never has can be measured too.
FrameSize size_from(const std::string& text) {
  constexpr int kTokenSide = 16, kLeast = 64;
  static const std::regex form(R"((\d{2,5})[*x](\d{2,5}))");
  std::smatch match;
  if (std::regex_match(text, match, form)) {
    const FrameSize size = {std::stoi(match[2]), std::stoi(match[1])};
    const bool is_whole = size.height % kTokenSide == 0 && size.width % kTokenSide == 0;
    if (is_whole && size.height >= kLeast && size.width >= kLeast) return size;
  }
  refuse("--size", "WIDTH*HEIGHT in multiples of 16 from 64 on", text);
}

/// After the device is known: what is not a matrix in eight bits is in what the engine computes in there.
void set_precision(const std::string& text, BenchOptions& options) {
  const auto matrices = precision_from(text);
  if (matrices && *matrices != Precision::Auto) {
    options.matrices = *matrices;
    options.precision = options.device.is_cpu() ? at::kFloat : at::kBFloat16;
  } else if (text == "bf16") {
    options.precision = at::kBFloat16;
  } else if (text != "fp32") {
    refuse("--precision", "fp32, bf16, fp8 or int8", text);
  }
}

KvCacheDtype kv_cache_dtype_of(const std::string& text) {
  if (const auto dtype = kv_cache_dtype_from(text)) return *dtype;
  refuse("--kv-cache-dtype", "auto or fp8", text);
}

GenerationOrder order_from(const std::string& text) {
  for (const GenerationOrder order : {GenerationOrder::StepMajor, GenerationOrder::BlockMajor}) {
    if (order_name(order) == text) return order;
  }
  refuse("--order", "step-major or block-major", text);
}

void set_layout(const std::string& text, BenchOptions& options) {
  if (text == "single") return;
  static const std::regex form(R"((layers|steps):(\d{1,4})/(\d{1,4}))");
  std::smatch match;
  if (std::regex_match(text, match, form)) {
    options.splits_steps = match[1] == "steps";
    options.share = std::stoi(match[2]);
    options.shares = std::stoi(match[3]);
    const bool is_a_share = options.splits_steps || options.share <= options.shares;
    if (options.share >= 1 && options.shares >= 1 && is_a_share) return;
  }
  refuse(
      "--layout",
      "single, layers:K/N for the K-th of N shares of the layers (K from 1 to N), or steps:K/N for the K-th "
      "stage of a layout that splits the steps, and the layers N ways",
      text);
}

at::Device device_from(const std::string& text) {
  if (text == "cpu") return at::kCPU;
  if (text != "cuda") refuse("--device", "cpu or cuda", text);
  if (cuda_device_count() == 0)
    throw Error(ErrorKind::InvalidInput, "--device cuda: this program sees no CUDA device");
  return at::Device(at::kCUDA, 0);
}

/// What is given in words, before it is judged.
struct Words {
  std::string size = "384*256";
  std::string precision = "fp32";
  std::string kv_cache_dtype = "auto";
  std::string order = "step-major";
  std::string layout = "single";
  std::string device = "cpu";
  double memory_gib = 0;
};

void add_model(CLI::App& app, BenchOptions& options, Words& words) {
  CLI::Option_group* of = app.add_option_group("model", "one of these");
  of->add_option(
      "--config", options.config,
      "a config.json as the published one, or a folder that has one: random weights of these sizes");
  of->add_option("--model", options.model, "a checkpoint folder: its own weights");
  of->require_option(1);
  app.add_option("--size", words.size, "WIDTH*HEIGHT of the frames")->capture_default_str();
  app.add_option("--precision", words.precision,
                 "fp32, bf16, or fp8 and int8: the layers' matrices in eight bits")
      ->capture_default_str();
  app.add_option("--kv-cache-dtype", words.kv_cache_dtype,
                 "what keys and values of window and sink are kept in: auto, what the rest computes in; fp8")
      ->capture_default_str();
  app.add_option("--order", words.order,
                 "step-major: all blocks through a step, then through the next; one cache. "
                 "block-major: a cache per step")
      ->capture_default_str();
  app.add_option(
         "--layout", words.layout,
         "single; layers:K/N: only the K-th of N shares of the layers, fed with noise; steps:K/N: the "
         "K-th stage where every step has its own engine, the layers are cut N ways and one more decodes")
      ->capture_default_str();
  app.add_flag_callback(
      "--no-vae", [&options] { options.with_vae = false; }, "do not decode");
}

void add_work(CLI::App& app, BenchOptions& options, Words& words) {
  const CLI::Range counts(1, 100000);
  app.add_option("--blocks", options.blocks, "measured blocks")->check(counts)->capture_default_str();
  app.add_option("--warmup", options.warmup_blocks, "blocks before them; 4 fill the window")
      ->check(CLI::Range(0, 100000))
      ->capture_default_str();
  app.add_option("--steps", options.steps, "denoising steps")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  app.add_option("--clip-frames", options.clip_frames, "frames of a clip: what the window remembers")
      ->check(CLI::Range(12, 1200))
      ->capture_default_str();
  app.add_flag("--guided", options.is_guided, "with a second text, as a guide scale needs it");
  app.add_option("--device", words.device, "cpu or cuda")->capture_default_str();
  app.add_option("--threads", options.threads, "compute threads on a CPU")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  app.add_option(
         "--memory-gib", words.memory_gib,
         "the most that this process may take of the GPU, its context included: to stand in for a smaller "
         "one; 0: all of it")
      ->check(CLI::Range(0.0, 100000.0))
      ->capture_default_str();
  app.add_flag("--ceilings", options.with_ceilings,
               "also what the device reaches at its best: matrix products, copies");
  app.add_flag("--encoders", options.with_encoders,
               "also the text and speech encoders, each alone, as they are before the transformer is loaded");
  app.add_flag("--baseline", options.with_baseline,
               "also the same layers written plainly with LibTorch's own functions");
  app.add_flag("--products", options.with_products,
               "also a step's products, attention and passes over memory, each alone and in other ways");
  app.add_flag("--profile", options.with_profile,
               "where the time of one block goes: all its steps, and its decoding");
}

}  // namespace

std::string precision_name(const BenchOptions& options) {
  if (options.matrices != Precision::Auto) return std::string(name_of(options.matrices));
  return options.precision == at::kFloat ? "fp32" : "bf16";
}

std::string layout_name(const BenchOptions& options) {
  if (options.shares == 1 && !options.splits_steps) return "single";
  return (options.splits_steps ? "steps:" : "layers:") + std::to_string(options.share) + "/" +
         std::to_string(options.shares);
}

std::string order_name(GenerationOrder order) {
  switch (order) {
    case GenerationOrder::StepMajor:
      return "step-major";
    case GenerationOrder::BlockMajor:
      return "block-major";
  }
  return "";
}

std::optional<BenchOptions> parse_bench_options(int argument_count, const char* const* arguments,
                                                std::string& help) {
  BenchOptions options;
  options.threads = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  Words words;
  CLI::App app(kDescription, "longtake-engine bench");
  app.footer(kExamples);
  add_model(app, options, words);
  add_work(app, options, words);
  // CLI11 takes them last first.
  std::vector<std::string> reversed(arguments, arguments + argument_count);
  std::reverse(reversed.begin(), reversed.end());
  try {
    app.parse(std::move(reversed));
  } catch (const CLI::CallForHelp&) {
    help = app.help();
    return std::nullopt;
  } catch (const CLI::ParseError& e) {
    throw Error(ErrorKind::InvalidInput, e.what());
  }
  options.size = size_from(words.size);
  options.kv_cache_dtype = kv_cache_dtype_of(words.kv_cache_dtype);
  options.order = order_from(words.order);
  set_layout(words.layout, options);
  options.device = device_from(words.device);
  set_precision(words.precision, options);
  options.memory_bytes = static_cast<std::int64_t>(words.memory_gib * kGibibyte);
  if (options.splits_steps) options.order = GenerationOrder::BlockMajor;
  return options;
}

}  // namespace longtake
