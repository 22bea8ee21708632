#include "rank/engine/bench/encoder_bench.h"

#include <functional>

#include "rank/engine/bench/device_clock.h"
#include "rank/engine/bench/tensor_memory.h"
#include "rank/engine/gpu/device_timer.h"

namespace longtake {
namespace {

constexpr std::int64_t kSamplesPerSecond = 16000, kWindow_s = 5;

double second_ms(c10::Device device, const std::function<void()>& work) {
  work();
  DeviceTimer timer(device);
  timer.mark();
  work();
  timer.mark();
  return timer.pieces_ms().front();
}

/// `encode` gets the encoder that `load` gives, if it gives one.
template <typename Load, typename Encode>
std::optional<EncoderTimes> measure(c10::Device device, const Load& load, const Encode& encode) {
  TensorMemory memory(device);
  const std::int64_t begin_ns = now_ns();
  const auto encoder = load();
  if (!encoder) return std::nullopt;
  wait_for(device);
  EncoderTimes times;
  times.load_s = static_cast<double>(now_ns() - begin_ns) / 1e9;
  times.weight_bytes = memory.live_bytes();
  times.encode_ms = second_ms(device, [&] { encode(*encoder); });
  times.peak_bytes = memory.peak_bytes();
  return times;
}

}  // namespace

std::optional<EncoderTimes> bench_text_encoder(const BenchModel& model, const WeightOptions& options) {
  return measure(
      options.device, [&] { return model.text_encoder(options); },
      [&](const UmT5Encoder& encoder) {
        const std::int64_t words = model.transformer().text_len;
        const at::Tensor ids_BL = at::arange(words, at::TensorOptions(at::kLong))
                                      .remainder(encoder.config().vocabulary)
                                      .unsqueeze(0);
        encoder.encode(ids_BL, at::ones_like(ids_BL));
      });
}

std::optional<EncoderTimes> bench_speech_encoder(const BenchModel& model, const WeightOptions& options) {
  return measure(
      options.device, [&] { return model.speech_encoder(options); },
      [&](const Wav2Vec2& encoder) { encoder.hidden_states(at::randn({kSamplesPerSecond * kWindow_s})); });
}

}  // namespace longtake
