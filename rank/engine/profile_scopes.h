#pragma once

#include <ATen/record_function.h>

/// What a measured operation belongs to, where its name does not say it: open one with
/// RECORD_USER_SCOPE(kAttentionScope). Without a profile it costs a few nanoseconds.
namespace longtake {

inline constexpr const char* kAttentionScope = "longtake::attention";
inline constexpr const char* kSoftmaxScope = "longtake::softmax";
inline constexpr const char* kRotaryScope = "longtake::rotary";
inline constexpr const char* kPointwiseScope = "longtake::pointwise";
inline constexpr const char* kGatherScope = "longtake::gather";
inline constexpr const char* kAudioScope = "longtake::audio";

}  // namespace longtake
