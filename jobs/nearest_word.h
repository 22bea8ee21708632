#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace longtake {

/// The candidate a person most likely meant by `word`: the least edit distance (Levenshtein, case
/// ignored), nullopt when even that changes more than a third of the word (two letters of a short one).
std::optional<std::string> nearest_word(std::string_view word, const std::vector<std::string>& candidates);

/// "a, b or c"; empty for no words.
std::string join_words(const std::vector<std::string>& words, std::string_view last_separator = " or ");

}  // namespace longtake
