#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "jobs/problem.h"

namespace longtake {

template <class Value>
struct Choice {
  const char* word;
  Value value;
};

struct IntegerBounds {
  std::int64_t smallest;
  std::int64_t largest;
};

struct NumberBounds {
  double smallest;
  double largest;
};

/// A YAML file whose content is one mapping, read strictly. The getters never throw: a value that is
/// missing or wrong gives nullopt, and what is wrong is added to the `problems` given at the start,
/// which must outlive the document. The keys that were asked for are the known ones.
class YamlDocument {
 public:
  /// nullopt, with a problem, when the file is missing, a folder, unreadable, empty, larger than 1 MB,
  /// not YAML or not a mapping.
  static std::optional<YamlDocument> read_file(const std::filesystem::path& file,
                                               std::vector<Problem>& problems);
  /// Same for text that is already in memory; `file` is what problems call it.
  static std::optional<YamlDocument> parse(const std::string& file, const std::string& text,
                                           std::vector<Problem>& problems);

  YamlDocument(YamlDocument&&) noexcept;
  YamlDocument& operator=(YamlDocument&&) noexcept;
  ~YamlDocument();

  /// Every key of the mapping with its 1-based line.
  const std::map<std::string, int>& lines() const;

  /// Asks for a key without reading it: is it there?
  bool has(const std::string& key);
  /// Same, and its absence is a problem; `example` is a value that would be right.
  bool require(const std::string& key, const std::string& example);
  /// True for the plain scalar `word`, such as the auto of `num_clip: auto`.
  bool is_word(const std::string& key, std::string_view word);

  /// Any scalar with at least one character that is not a space. `name: 42` is the text "42".
  std::optional<std::string> text(const std::string& key);
  /// Plain decimal digits. `or_word` is another thing that the caller accepts, for the message.
  std::optional<std::int64_t> integer(const std::string& key, IntegerBounds bounds,
                                      const char* or_word = nullptr);
  std::optional<double> number(const std::string& key, NumberBounds bounds);
  /// `true` or `false`, nothing else.
  std::optional<bool> boolean(const std::string& key);

  template <class Value>
  std::optional<Value> choice(const std::string& key, const std::vector<Choice<Value>>& choices) {
    std::vector<std::string> words;
    for (const Choice<Value>& choice : choices) words.emplace_back(choice.word);
    const std::optional<std::size_t> index = index_of_choice(key, words);
    if (!index) return std::nullopt;
    return choices[*index].value;
  }

  /// The mapping under `key`, whose keys problems call "key.sub".
  std::optional<YamlDocument> mapping(const std::string& key);
  /// The mapping under `key` as texts; any key is known.
  std::map<std::string, std::string> texts(const std::string& key);

  /// The caller's own finding about `key`, with the key's line.
  void add_problem(const std::string& key, std::string message, std::string remedy);

  /// A problem for every key that was never asked for, with the nearest one that was.
  void report_unknown_keys();

 private:
  struct Content;
  explicit YamlDocument(std::unique_ptr<Content> content);
  std::optional<std::size_t> index_of_choice(const std::string& key, const std::vector<std::string>& words);

  std::unique_ptr<Content> content_;
};

}  // namespace longtake
