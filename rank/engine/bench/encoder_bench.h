#pragma once

#include <cstdint>
#include <optional>

#include "rank/engine/bench/bench_model.h"

namespace longtake {

/// One encoder alone on the device, as before the transformer is loaded.
struct EncoderTimes {
  double load_s = 0;
  double encode_ms = 0;  ///< the second call: the first chooses kernels
  std::int64_t weight_bytes = 0;
  std::int64_t peak_bytes = 0;  ///< in tensors, while it is loaded or encodes
};

/// nullopt for a model whose encoder is not known.
std::optional<EncoderTimes> bench_text_encoder(const BenchModel& model, const WeightOptions& options);
/// Over five seconds, the window of a clip with what is around it.
std::optional<EncoderTimes> bench_speech_encoder(const BenchModel& model, const WeightOptions& options);

}  // namespace longtake
