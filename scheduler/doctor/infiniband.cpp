#include "scheduler/doctor/infiniband.h"

#include <cstdlib>

#include "scheduler/doctor/system_files.h"
#include "scheduler/doctor/words.h"

namespace longtake {
namespace {

bool is_active(const InfinibandPort& port) { return port.state.find("ACTIVE") != std::string::npos; }

std::string text_of(const InfinibandPort& port) {
  return port.device + " port " + std::to_string(port.port) + " " + port.state + " " + port.rate;
}

std::string join(const std::vector<InfinibandPort>& ports) {
  std::string text;
  for (const InfinibandPort& port : ports) text += (text.empty() ? "" : ", ") + text_of(port);
  return text;
}

}  // namespace

std::vector<InfinibandPort> infiniband_ports(const std::filesystem::path& folder) {
  std::vector<InfinibandPort> ports;
  for (const std::string& device : names_in(folder)) {
    const std::filesystem::path of_device = folder / device / "ports";
    for (const std::string& number : names_in(of_device)) {
      const std::filesystem::path files = of_device / number;
      ports.push_back({device, std::atoi(number.c_str()), line_of(files / "state"), line_of(files / "rate")});
    }
  }
  return ports;
}

Finding check_infiniband(const InfinibandFacts& facts) {
  const std::string name = "infiniband";
  if (facts.ports.empty()) {
    return not_applicable(name, "no device in /sys/class/infiniband: hosts speak TCP to each other");
  }
  if (facts.is_switched_off) return good(name, "not used (NCCL_IB_DISABLE=1): " + join(facts.ports));
  std::vector<InfinibandPort> active, down;
  for (const InfinibandPort& port : facts.ports) (is_active(port) ? active : down).push_back(port);
  if (active.empty()) {
    return warning(
        name, "no port is active: " + join(down),
        "look at cables and subnet manager (ibstat), or set NCCL_IB_DISABLE: \"1\" in the profile's "
        "nccl_environment");
  }
  const std::string resting = down.empty() ? "" : "; not active: " + join(down);
  return good(name, count_text(active.size(), "active port") + ": " + join(active) + resting);
}

}  // namespace longtake
