#pragma once

#include <optional>
#include <string>

namespace longtake {

/// One sentence each, in the words of somebody who wants a film.
struct FailureAdvice {
  std::string cause;
  std::string remedy;
};

/// What a message about something that went wrong means: the text of an event, the reason of an attempt, a
/// job or a run. nullopt when it tells of nothing wrong, or of something that we have no words for.
std::optional<FailureAdvice> advice_on(const std::string& message);

}  // namespace longtake
