#include "rank/engine/vae/vae_stream.h"

namespace longtake {

std::int64_t VaeStream::bytes() const {
  std::int64_t total = 0;
  for (const auto& [name, history] : histories_) {
    if (history.defined()) total += static_cast<std::int64_t>(history.nbytes());
  }
  return total;
}

}  // namespace longtake
