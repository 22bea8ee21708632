#include "storage/work_dir.h"

#include <cstdio>

namespace longtake {
namespace {

std::string segment_stem(Interval clips) {
  char stem[64];
  std::snprintf(stem, sizeof stem, "c%06lld-%06lld", static_cast<long long>(clips.begin),
                static_cast<long long>(clips.end));
  return stem;
}

}  // namespace

std::filesystem::path WorkDir::segment(const std::string& name, Interval clips) const {
  return segments(name) / (segment_stem(clips) + ".mp4");
}

std::filesystem::path WorkDir::carry(const std::string& name, Interval clips) const {
  return segments(name) / (segment_stem(clips) + ".carry.safetensors");
}

}  // namespace longtake
