#include "scheduler/size_used.h"

#include <nlohmann/json.hpp>

namespace longtake {

std::string text_of(FrameSize size) { return std::to_string(size.width) + "*" + std::to_string(size.height); }

FrameSize asked_size_of(const StoredJob& job) {
  const auto identity = nlohmann::json::parse(job.identity_of, nullptr, /*allow_exceptions=*/false);
  if (!identity.is_object() || !identity.contains("size")) return job.size;
  const nlohmann::json& size = identity.at("size");
  if (!size.is_array() || size.size() != 2) return job.size;
  return {size.at(0).get<int>(), size.at(1).get<int>()};
}

std::string describe_other_size(const StoredJob& job) {
  const FrameSize asked = asked_size_of(job);
  if (asked == job.size) return "";
  return "made at " + text_of(job.size) + " instead of the " + text_of(asked) +
         " asked for, for which there was too little memory (on_oom: smaller_size)";
}

}  // namespace longtake
