#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace longtake {

enum class Verdict {
  Good,
  Warning,        ///< a run works, but worse or more fragile than it could
  Bad,            ///< a run will fail: something must be changed first
  NotApplicable,  ///< there is nothing of this kind here
};

/// "good", "warning", "bad", "not applicable".
std::string_view name_of(Verdict verdict);

/// What one check of `longtake doctor` has found.
struct Finding {
  std::string name;  ///< of the check: "gpu_memory"
  Verdict verdict = Verdict::Good;
  std::string reason;  ///< what was seen, with the values
  std::string remedy;  ///< what to do; empty unless it is a warning or bad
};

Finding good(std::string name, std::string reason);
Finding not_applicable(std::string name, std::string reason);
Finding warning(std::string name, std::string reason, std::string remedy);
Finding bad(std::string name, std::string reason, std::string remedy);

bool is_any_bad(const std::vector<Finding>& findings);

nlohmann::json to_json(const std::vector<Finding>& findings);

/// For people: a line per finding, a remedy line under each that has one, and a sum at the end.
/// `with_colour`: verdicts in the colours of a terminal.
std::string findings_text(const std::vector<Finding>& findings, bool with_colour);

}  // namespace longtake
