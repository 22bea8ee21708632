#pragma once

#include <filesystem>
#include <string>

#include "jobs/segment.h"

namespace longtake {

inline constexpr int kSmallJobClipFrames = 24;
inline constexpr std::int64_t kSmallJobFrames = 65;  // the third clip is short
inline constexpr std::int64_t kSmallJobRenewal_clips = 2;

/// Writes a small checkpoint (`folder`/model), a portrait and a recording for a film of three clips.
void write_small_job(const std::filesystem::path& folder);

/// The order for some of its clips; segment and carry are named after `name`.
SegmentOrder small_order(const std::filesystem::path& folder, Interval clips, const std::string& name);

/// The order that goes on from the carry of `before`.
SegmentOrder small_order_after(const SegmentOrder& before, Interval clips, const std::string& name);

}  // namespace longtake
