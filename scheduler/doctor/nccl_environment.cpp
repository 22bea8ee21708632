#include "scheduler/doctor/nccl_environment.h"

#include <algorithm>
#include <sstream>

namespace longtake {
namespace {

const std::string kName = "nccl_environment";

std::string value_of(const std::map<std::string, std::string>& variables, const std::string& name) {
  const auto found = variables.find(name);
  return found == variables.end() ? "" : found->second;
}

std::vector<std::string> words_of(const std::string& list) {
  std::vector<std::string> words;
  std::istringstream stream(list);
  for (std::string word; std::getline(stream, word, ',');) words.push_back(word.substr(0, word.find(':')));
  return words;
}

/// Whether an entry of NCCL_SOCKET_IFNAME or NCCL_IB_HCA finds anything. As NCCL's page of environment
/// variables says: a beginning of names, exact after '=', all but those after '^'.
bool finds_any(const std::string& list, const std::vector<std::string>& present) {
  if (list.empty() || list[0] == '^') return true;
  const bool is_exact = list[0] == '=';
  const std::vector<std::string> wanted = words_of(is_exact ? list.substr(1) : list);
  return std::any_of(present.begin(), present.end(), [&](const std::string& name) {
    return std::any_of(wanted.begin(), wanted.end(), [&](const std::string& word) {
      return is_exact ? name == word : name.compare(0, word.size(), word) == 0;
    });
  });
}

std::string join(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text.empty() ? "none" : text;
}

/// A name that leads nowhere: NCCL then fails with "no socket interface found" or the like.
std::optional<Finding> dead_name(const NcclEnvironmentFacts& facts, const std::string& variable,
                                 const std::vector<std::string>& present, const std::string& what) {
  const std::string value = value_of(facts.variables, variable);
  if (finds_any(value, present)) return std::nullopt;
  return bad(kName, variable + "=" + value + " fits no " + what + " of this host (" + join(present) + ")",
             "unset " + variable + ", or name one that is there");
}

std::string differing(const NcclEnvironmentFacts& facts, const Profile& profile) {
  std::string text;
  for (const auto& [name, wanted] : profile.nccl_environment) {
    const auto found = facts.variables.find(name);
    if (found == facts.variables.end() || found->second == wanted) continue;
    text += (text.empty() ? "" : ", ") + name + "=" + found->second + " where profile " + profile.name +
            " says " + wanted;
  }
  return text;
}

std::string listed(const std::map<std::string, std::string>& variables) {
  std::string text;
  for (const auto& [name, value] : variables) text += (text.empty() ? "" : " ") + name + "=" + value;
  return text.empty() ? "no NCCL_ variable is set" : text;
}

std::string wishes_of(const Profile& profile) {
  if (profile.nccl_environment.empty()) return "; profile " + profile.name + " asks for none";
  return "; profile " + profile.name + " asks for " + listed(profile.nccl_environment);
}

}  // namespace

Finding check_nccl_environment(const NcclEnvironmentFacts& facts, const Profile& profile) {
  if (profile.device != DeviceKind::Gpu && facts.variables.empty()) {
    return not_applicable(kName, "no NCCL_ variable is set, and profile " + profile.name + " uses no GPU");
  }
  if (auto finding = dead_name(facts, "NCCL_SOCKET_IFNAME", facts.network_interfaces, "network interface"))
    return *finding;
  if (auto finding = dead_name(facts, "NCCL_IB_HCA", facts.infiniband_devices, "InfiniBand device"))
    return *finding;
  const std::string difference = differing(facts, profile);
  if (!difference.empty()) {
    return warning(kName, difference, "unset what this shell sets, or change the profile's nccl_environment");
  }
  const bool is_fast =
      profile.link == Link::Nvlink && profile.nccl_environment.count("NCCL_P2P_DISABLE") == 0;
  if (is_fast && value_of(facts.variables, "NCCL_P2P_DISABLE") == "1") {
    return warning(kName, "NCCL_P2P_DISABLE=1 keeps NCCL off the NVLink of profile " + profile.name,
                   "unset NCCL_P2P_DISABLE unless the check nccl needs it");
  }
  return good(kName, listed(facts.variables) + wishes_of(profile));
}

}  // namespace longtake
