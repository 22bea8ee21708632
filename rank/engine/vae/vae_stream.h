#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <map>
#include <string>

namespace longtake {

/// How far one video has come through an encoder or a decoder: the last frames that each causal
/// convolution saw. It is all that one call hands to the next, it has the same size after any number of
/// frames, and a new one begins a new video. Belongs to whoever feeds the video; not shared by encoder
/// and decoder.
class VaeStream {
 public:
  bool is_new() const { return histories_.empty(); }

  /// The frames kept for the convolution of this name, [frames, C, H, W]; undefined before its first.
  at::Tensor& history(const std::string& convolution) { return histories_[convolution]; }

  std::int64_t bytes() const;

  /// Whether the same frames would give the same results: bit for bit the same histories.
  friend bool operator==(const VaeStream& a, const VaeStream& b);

 private:
  std::map<std::string, at::Tensor> histories_;
};

}  // namespace longtake
