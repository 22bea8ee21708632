#include "scheduler/doctor/ports.h"

#include <algorithm>
#include <charconv>

namespace longtake {
namespace {

/// The --master_port of Live Avatar's published scripts.
constexpr int kPublishedPort = 29103;
/// Names the address at which NCCL's first rank listens; a run then takes that very port.
constexpr const char* kNcclAddress = "NCCL_COMM_ID";

std::optional<int> port_in(const std::string& value) {
  const std::size_t colon = value.rfind(':');
  const std::string digits = colon == std::string::npos ? value : value.substr(colon + 1);
  int port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  const bool is_number = error == std::errc() && end == digits.data() + digits.size();
  if (!is_number || port < 1 || port > 65535) return std::nullopt;
  return port;
}

bool names_a_port(const std::string& variable) {
  const bool is_nccls = variable.rfind("NCCL_", 0) == 0;
  return variable == "MASTER_PORT" || variable == kNcclAddress ||
         (is_nccls && variable.find("PORT") != std::string::npos);
}

std::string holder_text(const PortFacts& port) {
  if (!port.holder) return "a process of somebody else, or outside of this container";
  return port.holder->program + " (pid " + std::to_string(port.holder->pid) + ")";
}

std::string join(const std::vector<PortFacts>& ports) {
  std::string text;
  for (const PortFacts& port : ports) {
    text += (text.empty() ? "" : ", ") + std::to_string(port.port) + " (" + port.named_by + ")";
  }
  return text;
}

}  // namespace

std::vector<PortFacts> ports_of_interest(const std::map<std::string, std::string>& environment) {
  std::vector<PortFacts> ports = {{kPublishedPort, "Live Avatar's published scripts", true, {}}};
  for (const auto& [name, value] : environment) {
    if (!names_a_port(name)) continue;
    if (const auto port = port_in(value)) ports.push_back({*port, name, true, {}});
  }
  return ports;
}

Finding check_ports(const std::vector<PortFacts>& ports) {
  const std::string name = "ports";
  std::string taken;
  bool is_ours = false;
  for (const PortFacts& port : ports) {
    if (port.is_free) continue;
    taken += (taken.empty() ? "" : "; ") + std::string("port ") + std::to_string(port.port) + " (" +
             port.named_by + ") is held by " + holder_text(port);
    is_ours = is_ours || port.named_by == kNcclAddress;
  }
  if (taken.empty()) return good(name, "free: " + join(ports));
  if (is_ours) {
    return bad(
        name, taken,
        std::string("unset ") + kNcclAddress + ", so that NCCL takes a free port, or end that process");
  }
  return warning(name, taken + "; Longtake takes free ports, other programs may want this one",
                 "end that process if nobody needs it, or name another port");
}

}  // namespace longtake
