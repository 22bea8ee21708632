#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <variant>

#include "jobs/error.h"

/// How a std::variant of message structs becomes {"type": "...", fields...} and back.
/// A message struct M has a to_json and a from_json and is named by MessageName<M>.
namespace longtake {

template <class Message>
struct MessageName;  // specialised per message: static constexpr const char* value

template <class... Messages>
nlohmann::json to_tagged_json(const std::variant<Messages...>& message) {
  return std::visit(
      [](const auto& body) {
        nlohmann::json json = body;
        if (json.is_null()) json = nlohmann::json::object();
        json["type"] = MessageName<std::decay_t<decltype(body)>>::value;
        return json;
      },
      message);
}

/// Throws Error{InvalidInput} when the text is not JSON, has no known type, or lacks a field.
template <class... Messages>
void from_tagged_json(const nlohmann::json& json, std::variant<Messages...>& message) {
  const auto type = json.at("type").get<std::string>();
  const auto try_one = [&](auto* none) {
    using Message = std::remove_pointer_t<decltype(none)>;
    if (type != MessageName<Message>::value) return false;
    message = json.get<Message>();
    return true;
  };
  if (!(try_one(static_cast<Messages*>(nullptr)) || ...)) {
    throw Error(ErrorKind::InvalidInput, "unknown message type '" + type + "'");
  }
}

/// Runs `decode(json)`, turning every JSON error into Error{InvalidInput} that shows the text's beginning.
template <class Decode>
auto decode_json(std::string_view text, const char* what, Decode decode) {
  constexpr std::size_t kShown = 120;
  try {
    return decode(nlohmann::json::parse(text));
  } catch (const nlohmann::json::exception& e) {
    throw Error(ErrorKind::InvalidInput, std::string("not ") + what + ": " + e.what() + ", in '" +
                                             std::string(text.substr(0, kShown)) + "'");
  }
}

}  // namespace longtake
