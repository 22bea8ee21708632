#include "rank/engine/vae/vae_stream.h"

namespace longtake {

std::int64_t VaeStream::bytes() const {
  std::int64_t total = 0;
  for (const auto& [name, history] : histories_) {
    if (history.defined()) total += static_cast<std::int64_t>(history.nbytes());
  }
  return total;
}

bool operator==(const VaeStream& a, const VaeStream& b) {
  if (a.histories_.size() != b.histories_.size()) return false;
  for (const auto& [name, history] : a.histories_) {
    const auto other = b.histories_.find(name);
    if (other == b.histories_.end() || history.defined() != other->second.defined()) return false;
    if (history.defined() && !at::equal(history, other->second)) return false;
  }
  return true;
}

}  // namespace longtake
