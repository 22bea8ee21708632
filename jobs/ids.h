#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>

namespace longtake {

/// A number that cannot be mistaken for another kind of number. -1 is "none".
template <class Tag>
struct Id {
  std::int64_t value = -1;

  bool is_set() const { return value >= 0; }
  friend bool operator==(Id a, Id b) { return a.value == b.value; }
  friend bool operator!=(Id a, Id b) { return a.value != b.value; }
  friend bool operator<(Id a, Id b) { return a.value < b.value; }
  friend void to_json(nlohmann::json& json, const Id& id) { json = id.value; }
  friend void from_json(const nlohmann::json& json, Id& id) { id.value = json.get<std::int64_t>(); }
};

using JobId = Id<struct JobTag>;
using RangeId = Id<struct RangeTag>;
using SegmentId = Id<struct SegmentTag>;
using AttemptId = Id<struct AttemptTag>;
using GroupId = Id<struct GroupTag>;
using RankId = Id<struct RankTag>;

/// Grows by one with every start of a scheduler in a work directory.
using Epoch = Id<struct EpochTag>;

}  // namespace longtake

template <class Tag>
struct std::hash<longtake::Id<Tag>> {
  std::size_t operator()(longtake::Id<Tag> id) const noexcept { return std::hash<std::int64_t>{}(id.value); }
};
