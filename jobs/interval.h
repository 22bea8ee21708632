#pragma once

#include <algorithm>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

namespace longtake {

/// [begin, end) of clips, frames or samples.
struct Interval {
  std::int64_t begin = 0;
  std::int64_t end = 0;

  std::int64_t length() const { return end - begin; }
  bool is_empty() const { return end <= begin; }
  bool contains(std::int64_t index) const { return begin <= index && index < end; }
  bool overlaps(const Interval& other) const { return begin < other.end && other.begin < end; }
  friend bool operator==(const Interval& a, const Interval& b) {
    return a.begin == b.begin && a.end == b.end;
  }
  friend bool operator!=(const Interval& a, const Interval& b) { return !(a == b); }
  friend void to_json(nlohmann::json& json, const Interval& interval) {
    json = nlohmann::json::array({interval.begin, interval.end});
  }
  friend void from_json(const nlohmann::json& json, Interval& interval) {
    json.at(0).get_to(interval.begin);
    json.at(1).get_to(interval.end);
  }
};

/// "8:16", as `longtake redo --clips` takes it.
inline std::string text_of(Interval interval) {
  return std::to_string(interval.begin) + ":" + std::to_string(interval.end);
}

}  // namespace longtake
