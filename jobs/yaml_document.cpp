#include "jobs/yaml_document.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <fstream>
#include <set>
#include <sstream>

#include "jobs/nearest_word.h"

namespace longtake {
namespace fs = std::filesystem;

struct YamlDocument::Content {
  std::string file;
  std::string prefix;  ///< "timeouts." inside the mapping `timeouts`
  int line = 0;        ///< of the mapping's own key, for keys that are missing in it
  std::map<std::string, YAML::Node> values;
  std::map<std::string, int> lines;
  std::set<std::string> known;
  std::vector<Problem>* problems = nullptr;

  void add_problem(const std::string& key, std::string message, std::string remedy) {
    const auto found = lines.find(key);
    problems->push_back({file, found == lines.end() ? line : found->second, prefix + key, std::move(message),
                         std::move(remedy)});
  }

  const YAML::Node* find(const std::string& key) {
    known.insert(key);
    const auto found = values.find(key);
    return found == values.end() ? nullptr : &found->second;
  }

  /// The scalar under `key`; nullptr when there is none, with a problem when there is something else.
  const YAML::Node* find_scalar(const std::string& key) {
    const YAML::Node* value = find(key);
    if (value == nullptr) return nullptr;
    if (value->IsScalar()) return value;
    if (value->IsNull()) {
      add_problem(key, "has no value", "write one or remove the line");
    } else {
      add_problem(key, std::string("must be one value, got a ") + (value->IsMap() ? "mapping" : "list"),
                  "write it on one line: " + key + ": VALUE");
    }
    return nullptr;
  }

  void add_entries(const YAML::Node& mapping);
};

namespace {

constexpr std::uintmax_t kLargestFile_bytes = 1'000'000;

int line_of(const YAML::Mark& mark) { return mark.is_null() ? 0 : mark.line + 1; }

/// yaml-cpp tags plain scalars "?" and quoted ones "!".
bool is_plain(const YAML::Node& scalar) { return scalar.Tag() == "?"; }

std::string shown(const YAML::Node& scalar) {
  constexpr std::size_t kShown = 60;
  const std::string& text = scalar.Scalar();
  const std::string beginning = text.size() > kShown ? text.substr(0, kShown) + "..." : text;
  return is_plain(scalar) ? "'" + beginning + "'" : "the text \"" + beginning + "\"";
}

template <class Number>
std::optional<Number> number_of(const YAML::Node& scalar) {
  const std::string& text = scalar.Scalar();
  const char* first = text.data();
  const char* last = first + text.size();
  if (text.size() > 1 && text[0] == '+' && text[1] != '-') ++first;
  Number number{};
  const auto [end, error] = std::from_chars(first, last, number);
  if (!is_plain(scalar) || error != std::errc{} || end != last) return std::nullopt;
  return number;
}

std::string shown(double number) {
  std::ostringstream text;
  text << number;
  return text.str();
}

/// The whole file, or nothing and the reason in `problem`.
std::optional<std::string> read_text(const fs::path& file, Problem& problem) {
  std::error_code error;
  const fs::file_status status = fs::status(file, error);
  if (!fs::exists(status)) {
    problem.message = "there is no such file";
    problem.remedy = "looked for " + fs::absolute(file).string();
  } else if (fs::is_directory(status)) {
    problem.message = "is a folder";
    problem.remedy = "name the YAML files in it";
  } else if (!fs::is_regular_file(status)) {
    problem.message = "is not a regular file";
    problem.remedy = "give a YAML file";
  } else if (fs::file_size(file, error) > kLargestFile_bytes || error) {
    problem.message = error ? "cannot be read: " + error.message() : "is larger than 1 MB";
    problem.remedy = "give a YAML file of a few lines";
  } else {
    std::ifstream stream(file, std::ios::binary);
    std::ostringstream text;
    text << stream.rdbuf();
    if (stream) return text.str();
    problem.message = "cannot be read";
    problem.remedy = "give yourself the right to read it";
  }
  return std::nullopt;
}

/// The one mapping that `text` is; throws YAML::Exception, or adds a problem and returns an undefined node.
YAML::Node load_mapping(const std::string& file, const std::string& text, std::vector<Problem>& problems) {
  const std::string remedy = "write lines of the form 'key: value'";
  if (text.find('\0') != std::string::npos) {
    problems.push_back({file, 0, "", "is not a text file", remedy});
    return YAML::Node(YAML::NodeType::Undefined);
  }
  const std::vector<YAML::Node> documents = YAML::LoadAll(text);
  if (documents.size() > 1) {
    problems.push_back({file, line_of(documents[1].Mark()), "", "holds more than one YAML document",
                        "keep one and put the others into files of their own"});
  } else if (documents.empty() || documents[0].IsNull()) {
    problems.push_back({file, 0, "", "is empty", remedy});
  } else if (!documents[0].IsMap()) {
    problems.push_back(
        {file, line_of(documents[0].Mark()), "", "is not a mapping of keys to values", remedy});
  } else {
    return documents[0];
  }
  return YAML::Node(YAML::NodeType::Undefined);
}

}  // namespace

void YamlDocument::Content::add_entries(const YAML::Node& mapping) {
  for (const auto& entry : mapping) {
    const int key_line = line_of(entry.first.Mark());
    if (!entry.first.IsScalar()) {
      problems->push_back(
          {file, key_line, "", "a key must be one word", "write lines of the form 'key: value'"});
      continue;
    }
    const std::string key = entry.first.Scalar();
    if (values.count(key) > 0) {
      problems->push_back({file, key_line, prefix + key,
                           "is set twice, first in line " + std::to_string(lines[key]),
                           "keep one of the two lines"});
      continue;
    }
    lines[key] = key_line;
    values[key] = entry.second;
  }
}

YamlDocument::YamlDocument(std::unique_ptr<Content> content) : content_(std::move(content)) {}
YamlDocument::YamlDocument(YamlDocument&&) noexcept = default;
YamlDocument& YamlDocument::operator=(YamlDocument&&) noexcept = default;
YamlDocument::~YamlDocument() = default;

std::optional<YamlDocument> YamlDocument::read_file(const fs::path& file, std::vector<Problem>& problems) {
  Problem problem;
  problem.file = file.string();
  const std::optional<std::string> text = read_text(file, problem);
  if (text) return parse(file.string(), *text, problems);
  problems.push_back(std::move(problem));
  return std::nullopt;
}

std::optional<YamlDocument> YamlDocument::parse(const std::string& file, const std::string& text,
                                                std::vector<Problem>& problems) {
  try {
    const YAML::Node mapping = load_mapping(file, text, problems);
    if (!mapping.IsDefined()) return std::nullopt;
    auto content = std::make_unique<Content>();
    content->file = file;
    content->problems = &problems;
    content->add_entries(mapping);
    return YamlDocument(std::move(content));
  } catch (const YAML::Exception& e) {
    problems.push_back(
        {file, line_of(e.mark), "", "is not valid YAML: " + e.msg,
         "put values with ':', '#' or quotes in them between \"...\", and indent with spaces"});
    return std::nullopt;
  }
}

const std::map<std::string, int>& YamlDocument::lines() const { return content_->lines; }

bool YamlDocument::has(const std::string& key) { return content_->find(key) != nullptr; }

bool YamlDocument::require(const std::string& key, const std::string& example) {
  if (has(key)) return true;
  content_->add_problem(key, "is missing", "write '" + key + ": " + example + "'");
  return false;
}

bool YamlDocument::is_word(const std::string& key, std::string_view word) {
  const YAML::Node* value = content_->find(key);
  return value != nullptr && value->IsScalar() && value->Scalar() == word;
}

std::optional<std::string> YamlDocument::text(const std::string& key) {
  const YAML::Node* value = content_->find_scalar(key);
  if (value == nullptr) return std::nullopt;
  if (value->Scalar().find_first_not_of(" \t\r\n") != std::string::npos) return value->Scalar();
  content_->add_problem(key, "is empty", "write something or remove the line");
  return std::nullopt;
}

std::optional<std::int64_t> YamlDocument::integer(const std::string& key, IntegerBounds bounds,
                                                  const char* or_word) {
  const YAML::Node* value = content_->find_scalar(key);
  if (value == nullptr) return std::nullopt;
  const auto number = number_of<std::int64_t>(*value);
  if (number && bounds.smallest <= *number && *number <= bounds.largest) return number;
  const std::string range = std::to_string(bounds.smallest) + " to " + std::to_string(bounds.largest);
  const std::string other = or_word == nullptr ? "" : std::string(" or ") + or_word;
  content_->add_problem(key, "must be a whole number from " + range + other + ", got " + shown(*value),
                        "write digits without quotes" + other);
  return std::nullopt;
}

std::optional<double> YamlDocument::number(const std::string& key, NumberBounds bounds) {
  const YAML::Node* value = content_->find_scalar(key);
  if (value == nullptr) return std::nullopt;
  const auto number = number_of<double>(*value);
  if (number && std::isfinite(*number) && bounds.smallest <= *number && *number <= bounds.largest)
    return number;
  content_->add_problem(key,
                        "must be a number from " + shown(bounds.smallest) + " to " + shown(bounds.largest) +
                            ", got " + shown(*value),
                        "write digits without quotes");
  return std::nullopt;
}

std::optional<bool> YamlDocument::boolean(const std::string& key) {
  const YAML::Node* value = content_->find(key);
  if (value == nullptr || !value->IsScalar() || is_plain(*value)) {
    return choice<bool>(key, {{"true", true}, {"false", false}});
  }
  content_->add_problem(key, "must be true or false, got " + shown(*value), "write it without quotes");
  return std::nullopt;
}

std::optional<std::size_t> YamlDocument::index_of_choice(const std::string& key,
                                                         const std::vector<std::string>& words) {
  const YAML::Node* value = content_->find_scalar(key);
  if (value == nullptr) return std::nullopt;
  const auto found = std::find(words.begin(), words.end(), value->Scalar());
  if (found != words.end()) return static_cast<std::size_t>(found - words.begin());
  const auto nearest = nearest_word(value->Scalar(), words);
  content_->add_problem(key, "must be " + join_words(words) + ", got " + shown(*value),
                        "write " + (nearest ? *nearest : "one of these"));
  return std::nullopt;
}

std::optional<YamlDocument> YamlDocument::mapping(const std::string& key) {
  const YAML::Node* value = content_->find(key);
  if (value == nullptr) return std::nullopt;
  if (!value->IsMap()) {
    content_->add_problem(key, "must be a mapping", "write 'key: value' lines below it, indented");
    return std::nullopt;
  }
  auto inner = std::make_unique<Content>();
  inner->file = content_->file;
  inner->prefix = content_->prefix + key + ".";
  inner->line = content_->lines[key];
  inner->problems = content_->problems;
  inner->add_entries(*value);
  return YamlDocument(std::move(inner));
}

std::map<std::string, std::string> YamlDocument::texts(const std::string& key) {
  std::map<std::string, std::string> found;
  std::optional<YamlDocument> inner = mapping(key);
  if (!inner) return found;
  for (const auto& entry : inner->lines()) {
    if (const auto value = inner->text(entry.first)) found[entry.first] = *value;
  }
  return found;
}

void YamlDocument::add_problem(const std::string& key, std::string message, std::string remedy) {
  content_->add_problem(key, std::move(message), std::move(remedy));
}

void YamlDocument::report_unknown_keys() {
  const std::vector<std::string> known(content_->known.begin(), content_->known.end());
  for (const auto& [key, line] : content_->lines) {
    if (content_->known.count(key) > 0) continue;
    const auto nearest = nearest_word(key, known);
    content_->add_problem(
        key, "unknown key",
        nearest ? "did you mean '" + *nearest + "'?" : "known keys: " + join_words(known, " and "));
  }
}

}  // namespace longtake
