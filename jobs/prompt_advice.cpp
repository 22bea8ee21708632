#include "jobs/prompt_advice.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>

#include "jobs/nearest_word.h"

namespace longtake {
namespace {

constexpr std::size_t kFewestWords = 6;
constexpr std::size_t kMostWords = 200;

constexpr std::array<std::string_view, 14> kAbsolutes = {
    "perfect", "perfectly", "flawless",   "flawlessly", "ideal",   "absolute",  "absolutely",
    "always",  "never",     "completely", "totally",    "utterly", "extremely", "spotless"};

constexpr std::array<std::string_view, 26> kStyleWords = {
    "style",        "styled",   "cinematic",  "cinematics", "realistic", "photorealistic", "realism",
    "documentary",  "anime",    "cartoon",    "animation",  "animated",  "render",         "rendered",
    "illustration", "painting", "watercolor", "sketch",     "film",      "movie",          "portrait",
    "studio",       "vlog",     "footage",    "photograph", "pixar"};

/// End in -ly and are no adverbs of manner.
constexpr std::array<std::string_view, 14> kOtherLyWords = {"family",   "early",  "daily",  "only", "elderly",
                                                            "friendly", "lovely", "lively", "ugly", "curly",
                                                            "silly",    "likely", "lonely", "fly"};

template <std::size_t N>
bool is_one_of(const std::array<std::string_view, N>& words, const std::string& word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

bool is_letter(char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0; }

/// Lower-case words; digits, punctuation and bytes beyond ASCII separate them.
std::vector<std::string> words_of(const std::string& prompt) {
  std::vector<std::string> words;
  bool is_inside = false;
  for (const char c : prompt) {
    if (!is_letter(c)) {
      is_inside = false;
      continue;
    }
    if (!is_inside) words.emplace_back();
    words.back() += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    is_inside = true;
  }
  return words;
}

/// "speaks slowly", but also "with clear articulation".
bool says_the_manner(const std::vector<std::string>& words) {
  for (const std::string& word : words) {
    const bool ends_in_ly = word.size() > 3 && word.compare(word.size() - 2, 2, "ly") == 0;
    if (word == "with") return true;
    if (ends_in_ly && !is_one_of(kOtherLyWords, word) && !is_one_of(kAbsolutes, word)) return true;
  }
  return false;
}

std::vector<std::string> absolutes_in(const std::vector<std::string>& words) {
  std::vector<std::string> found;
  for (const std::string& word : words) {
    const bool is_new = std::find(found.begin(), found.end(), "'" + word + "'") == found.end();
    if (is_new && is_one_of(kAbsolutes, word)) found.push_back("'" + word + "'");
  }
  return found;
}

}  // namespace

std::vector<std::string> advise_on_prompt(const std::string& prompt) {
  const std::vector<std::string> words = words_of(prompt);
  // Too few words in Latin letters to judge: another script, or nearly nothing.
  const bool is_other_script = std::any_of(prompt.begin(), prompt.end(),
                                           [](char c) { return static_cast<unsigned char>(c) >= 0x80; }) &&
                               words.size() < kFewestWords;
  if (is_other_script) return {};

  std::vector<std::string> advice;
  const std::vector<std::string> absolutes = absolutes_in(words);
  if (!absolutes.empty()) {
    advice.push_back("absolutes converge badly: replace " + join_words(absolutes, " and ") +
                     " by what is to be seen, such as 'natural skin texture'");
  }
  if (!says_the_manner(words)) {
    advice.push_back("say how the person speaks or moves, such as 'speaks slowly with clear articulation'");
  }
  if (std::none_of(words.begin(), words.end(),
                   [](const auto& word) { return is_one_of(kStyleWords, word); })) {
    advice.push_back("name a style, such as 'Blizzard cinematics style' or 'documentary style'");
  }
  if (words.size() < kFewestWords) {
    advice.push_back("the prompt has " + std::to_string(words.size()) +
                     " words: describe the person, the place and the manner of speaking");
  }
  if (words.size() > kMostWords) {
    advice.push_back("the prompt has " + std::to_string(words.size()) + " words: keep it under " +
                     std::to_string(kMostWords) + ", the text encoder cuts off what is beyond 512 tokens");
  }
  return advice;
}

}  // namespace longtake
