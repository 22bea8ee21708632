#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "scheduler/doctor/finding.h"

namespace longtake {

/// A limit of this process; nullopt: none.
using Limit = std::optional<std::uint64_t>;

struct LimitFacts {
  Limit locked_bytes;     ///< ulimit -l
  Limit open_files;       ///< ulimit -n, soft
  Limit most_open_files;  ///< ulimit -Hn
  bool has_infiniband = false;
  int ranks = 1;
};

struct ContainerFacts {
  std::string kind;  ///< "Docker", "Slurm job", ...; empty: none was found
  bool is_root = false;
  bool may_mpirun_as_root = false;  ///< OMPI_ALLOW_RUN_AS_ROOT and its confirmation are set
  int processors = 1;               ///< that may be used
  int ranks = 1;                    ///< that a run would start on this host
  std::optional<std::int64_t> memory_limit_bytes;
};

/// The limits of this process; `has_infiniband` and `ranks` are left to the caller.
LimitFacts read_limits();

/// What can be told from marks that containers leave; `processors`, `ranks` and the memory limit are left to
/// the caller.
ContainerFacts read_container();

Finding check_limits(const LimitFacts& facts);
Finding check_container(const ContainerFacts& facts);
Finding check_processors(const ContainerFacts& facts);

}  // namespace longtake
