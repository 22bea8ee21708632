#include "storage/work_dir.h"

#include <cstdio>

namespace longtake {
namespace {

constexpr const char* kUnfinishedEnding = ".unfinished.safetensors";

std::string segment_stem(Interval clips) {
  char stem[64];
  std::snprintf(stem, sizeof stem, "c%06lld-%06lld", static_cast<long long>(clips.begin),
                static_cast<long long>(clips.end));
  return stem;
}

}  // namespace

std::string segment_file_name(Interval clips) { return segment_stem(clips) + ".mp4"; }

std::string carry_file_name(Interval clips) { return segment_stem(clips) + ".carry.safetensors"; }

std::optional<Interval> clips_of_segment_file(const std::string& name) {
  long long begin = 0;
  long long end = 0;
  if (std::sscanf(name.c_str(), "c%lld-%lld.mp4", &begin, &end) != 2) return std::nullopt;
  const Interval clips = {begin, end};
  if (segment_file_name(clips) != name) return std::nullopt;
  return clips;
}

bool is_unfinished_file(const std::string& name) {
  const std::string ending = kUnfinishedEnding;
  return name.size() > ending.size() && name.compare(name.size() - ending.size(), ending.size(), ending) == 0;
}

std::filesystem::path WorkDir::segment(const std::string& name, Interval clips) const {
  return segments(name) / segment_file_name(clips);
}

std::filesystem::path WorkDir::carry(const std::string& name, Interval clips) const {
  return segments(name) / carry_file_name(clips);
}

std::filesystem::path WorkDir::unfinished(const std::string& name, Interval clips) const {
  return segments(name) / (segment_stem(clips) + kUnfinishedEnding);
}

}  // namespace longtake
