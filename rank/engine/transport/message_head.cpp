#include "rank/engine/transport/message_head.h"

#include <nlohmann/json.hpp>

#include "jobs/error.h"

namespace longtake {
namespace {

using nlohmann::json;

constexpr int kVersion = 2;
constexpr const char* kNumbers = "F32";
constexpr const char* kNotice = "notice";

}  // namespace

std::string encode(const MessageHead& head) {
  const char* type = head.has_numbers ? kNumbers : kNotice;
  return json::array({kVersion, head.from, head.lane, head.tag, type, head.shape}).dump();
}

MessageHead decode_head(const std::string& text) {
  try {
    const json parts = json::parse(text);
    const std::string type = parts.at(4);
    if (parts.at(0) == kVersion && (type == kNumbers || type == kNotice)) {
      return {parts.at(1), parts.at(2), parts.at(3), type == kNumbers, parts.at(5)};
    }
  } catch (const json::exception&) {
    // said below
  }
  throw Error(ErrorKind::Bug,
              "an engine of the group sent something else than a float32 tensor or a notice "
              "of version " +
                  std::to_string(kVersion) + ": " + text);
}

}  // namespace longtake
