#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "tests/faults/fault_rules.h"

namespace longtake {

/// The file to which faulty engines add a line for every start ("start rank=1 start=3") and for every deed
/// ("kill rank=1 start=3 job=news clip=8 attempt=17"). Several processes may write it at once.
class FaultDiary {
 public:
  /// Empty: nothing is written, and every engine is its rank's first.
  explicit FaultDiary(std::filesystem::path file) : file_(std::move(file)) {}

  /// How many engines of `rank` have started, with this one, which is added.
  std::int64_t add_start(std::int64_t rank) const;
  void add(Deed deed, const FaultSubject& subject) const;

 private:
  void add_line(const std::string& line) const;

  std::filesystem::path file_;
};

}  // namespace longtake
