#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "scheduler/doctor/ports.h"

namespace longtake {

/// The inodes of sockets at local TCP port `port`, listening ones first. `table`: the content of
/// /proc/net/tcp or /proc/net/tcp6 (proc(5)).
std::vector<std::uint64_t> inodes_at_port(const std::string& table, int port);

/// Says of each port whether a program could listen at it now, on all addresses, and who holds it else.
/// Only processes whose descriptors we may see can be named.
void find_holders(std::vector<PortFacts>& ports);

}  // namespace longtake
