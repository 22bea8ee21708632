#include "scheduler/doctor/finding.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace longtake {
namespace {

constexpr std::size_t kVerdictWidth = 9;
constexpr std::size_t kNameWidth = 17;

std::string padded(std::string text, std::size_t width) {
  text.resize(std::max(text.size() + 1, width), ' ');
  return text;
}

std::string short_name(Verdict verdict) {
  return verdict == Verdict::NotApplicable ? "-" : std::string(name_of(verdict));
}

/// The escape sequence that begins it; every one ends with "\033[0m".
std::string_view colour_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::Good:
      return "\033[32m";
    case Verdict::Warning:
      return "\033[33m";
    case Verdict::Bad:
      return "\033[31m";
    case Verdict::NotApplicable:
      return "\033[2m";
  }
  return "";
}

std::string line_of(const Finding& finding, bool with_colour) {
  const std::string verdict = padded(short_name(finding.verdict), kVerdictWidth);
  std::string line = with_colour ? std::string(colour_of(finding.verdict)) + verdict + "\033[0m" : verdict;
  line += padded(finding.name, kNameWidth) + finding.reason + "\n";
  if (!finding.remedy.empty())
    line += std::string(kVerdictWidth + kNameWidth, ' ') + "-> " + finding.remedy + "\n";
  return line;
}

std::string sum_of(const std::vector<Finding>& findings) {
  const auto count = [&](Verdict verdict) {
    return std::count_if(findings.begin(), findings.end(),
                         [&](const Finding& finding) { return finding.verdict == verdict; });
  };
  const auto warnings = count(Verdict::Warning);
  const std::string warned = std::to_string(warnings) + (warnings == 1 ? " warning" : " warnings");
  const auto bads = count(Verdict::Bad);
  if (bads > 0) return std::to_string(bads) + " bad, " + warned + ": change what is bad before a run";
  return "nothing is bad, " + warned;
}

}  // namespace

std::string_view name_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::Good:
      return "good";
    case Verdict::Warning:
      return "warning";
    case Verdict::Bad:
      return "bad";
    case Verdict::NotApplicable:
      return "not applicable";
  }
  return "";
}

Finding good(std::string name, std::string reason) {
  return {std::move(name), Verdict::Good, std::move(reason), ""};
}

Finding not_applicable(std::string name, std::string reason) {
  return {std::move(name), Verdict::NotApplicable, std::move(reason), ""};
}

Finding warning(std::string name, std::string reason, std::string remedy) {
  return {std::move(name), Verdict::Warning, std::move(reason), std::move(remedy)};
}

Finding bad(std::string name, std::string reason, std::string remedy) {
  return {std::move(name), Verdict::Bad, std::move(reason), std::move(remedy)};
}

bool is_any_bad(const std::vector<Finding>& findings) {
  return std::any_of(findings.begin(), findings.end(),
                     [](const Finding& finding) { return finding.verdict == Verdict::Bad; });
}

nlohmann::json to_json(const std::vector<Finding>& findings) {
  nlohmann::json list = nlohmann::json::array();
  for (const Finding& finding : findings) {
    list.push_back({{"name", finding.name},
                    {"verdict", name_of(finding.verdict)},
                    {"reason", finding.reason},
                    {"remedy", finding.remedy}});
  }
  return list;
}

std::string findings_text(const std::vector<Finding>& findings, bool with_colour) {
  std::string text;
  for (const Finding& finding : findings) text += line_of(finding, with_colour);
  return text + sum_of(findings) + "\n";
}

}  // namespace longtake
