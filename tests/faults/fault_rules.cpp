#include "tests/faults/fault_rules.h"

#include <charconv>
#include <functional>
#include <map>
#include <sstream>

#include "jobs/error.h"

namespace longtake {
namespace {

const std::map<std::string, Deed>& deeds() {
  static const std::map<std::string, Deed> table = {
      {"exit", Deed::Exit},
      {"kill", Deed::Kill},
      {"hang", Deed::Hang},
      {"deaf", Deed::Deaf},
      {"wrong_protocol", Deed::WrongProtocol},
      {"garbage", Deed::Garbage},
      {"endless", Deed::Endless},
      {"close", Deed::Close},
      {"old_attempt", Deed::OldAttempt},
      {"io_error", Deed::IoError},
      {"disk_full", Deed::DiskFull},
      {"out_of_memory", Deed::OutOfMemory},
      {"not_connected", Deed::NotConnected},
      {"wait", Deed::Wait},
      {"pretend", Deed::Pretend},
      {"last_words", Deed::LastWords},
      {"print", Deed::Print},
      {"count_descriptors", Deed::CountDescriptors},
      {"torn_file", Deed::TornFile},
      {"short_file", Deed::ShortFile},
      {"late", Deed::Late},
  };
  return table;
}

[[noreturn]] void refuse(const std::string& rule, const std::string& why) {
  throw Error(ErrorKind::InvalidInput, "cannot read the fault '" + rule + "': " + why);
}

std::int64_t number_from(const std::string& rule, const std::string& text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) refuse(rule, "'" + text + "' is no number");
  return number;
}

std::int64_t pixels_from(const std::string& rule, const std::string& size) {
  const std::size_t star = size.find('*');
  if (star == std::string::npos) refuse(rule, "a size is written 688*368");
  return number_from(rule, size.substr(0, star)) * number_from(rule, size.substr(star + 1));
}

void set(FaultRule& rule, const std::string& text, const std::string& key, const std::string& value) {
  const std::map<std::string, std::function<void()>> setters = {
      {"at",
       [&] {
         if (value != "load") refuse(text, "at= can only be load");
         rule.is_at_load = true;
       }},
      {"frame", [&] { rule.frame = number_from(text, value); }},
      {"seconds", [&] { rule.seconds = number_from(text, value); }},
      {"rank", [&] { rule.rank = number_from(text, value); }},
      {"start", [&] { rule.start = number_from(text, value); }},
      {"clip", [&] { rule.clip = number_from(text, value); }},
      {"attempt", [&] { rule.attempt = number_from(text, value); }},
      {"above", [&] { rule.pixels_above = pixels_from(text, value); }},
      {"job", [&] { rule.job = value; }},
      {"one_in", [&] { rule.one_in = number_from(text, value); }},
      {"seed", [&] { rule.seed = number_from(text, value); }},
  };
  const auto setter = setters.find(key);
  if (setter == setters.end()) refuse(text, "'" + key + "' is no condition");
  setter->second();
  if (rule.one_in < 1) refuse(text, "one_in must be at least 1");
}

FaultRule rule_from(const std::string& text) {
  std::istringstream words(text);
  std::string word;
  words >> word;
  const auto deed = deeds().find(word);
  if (deed == deeds().end()) refuse(text, "'" + word + "' is no deed");
  FaultRule rule;
  rule.deed = deed->second;
  while (words >> word) {
    const std::size_t equals = word.find('=');
    if (equals == std::string::npos) refuse(text, "'" + word + "' is not KEY=VALUE");
    set(rule, text, word.substr(0, equals), word.substr(equals + 1));
  }
  const bool is_only_at_load = rule.deed == Deed::Deaf || rule.deed == Deed::WrongProtocol;
  rule.is_at_load = rule.is_at_load || is_only_at_load;
  return rule;
}

/// FNV-1a, so that draws are the same with every standard library.
std::uint64_t hash_of(const std::string& text) {
  std::uint64_t hash = 14695981039346656037ULL;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  return hash ^ (hash >> 29);
}

bool is_drawn(const FaultRule& rule, const FaultSubject& subject) {
  const std::string what = std::string(name_of(rule.deed)) + "/" + std::to_string(rule.seed) + "/" +
                           std::to_string(subject.rank) + "/" + std::to_string(subject.start) + "/" +
                           subject.job + "/" + std::to_string(subject.clip) + "/" +
                           std::to_string(subject.attempt);
  return hash_of(what) % static_cast<std::uint64_t>(rule.one_in) == 0;
}

bool fits(const std::optional<std::int64_t>& wanted, std::int64_t is) { return !wanted || *wanted == is; }

bool is_for(const FaultRule& rule, const FaultSubject& subject) {
  if (rule.deed == Deed::NotConnected && subject.has_plain_transport) return false;
  return fits(rule.rank, subject.rank) && fits(rule.start, subject.start) && fits(rule.clip, subject.clip) &&
         fits(rule.attempt, subject.attempt) && (rule.job.empty() || rule.job == subject.job) &&
         (!rule.pixels_above || subject.pixels > *rule.pixels_above) && is_drawn(rule, subject);
}

std::optional<FaultRule> first_for(const std::vector<FaultRule>& rules, const FaultSubject& subject,
                                   bool is_at_load) {
  for (const FaultRule& rule : rules) {
    if (rule.is_at_load == is_at_load && is_for(rule, subject)) return rule;
  }
  return std::nullopt;
}

}  // namespace

std::string_view name_of(Deed wanted) {
  for (const auto& [name, deed] : deeds()) {
    if (deed == wanted) return name;
  }
  return "";
}

std::vector<FaultRule> parse_fault_rules(const std::string& script) {
  std::string lines = script;
  for (char& c : lines) c = c == ';' ? '\n' : c;
  std::istringstream stream(lines);
  std::vector<FaultRule> rules;
  for (std::string line; std::getline(stream, line);) {
    line.resize(std::min(line.size(), line.find('#')));
    if (line.find_first_not_of(" \t") != std::string::npos) rules.push_back(rule_from(line));
  }
  return rules;
}

std::optional<FaultRule> fault_at_load(const std::vector<FaultRule>& rules, const FaultSubject& engine) {
  return first_for(rules, engine, true);
}

std::optional<FaultRule> fault_of_order(const std::vector<FaultRule>& rules, const FaultSubject& order) {
  return first_for(rules, order, false);
}

}  // namespace longtake
