#pragma once

#include <string>

namespace longtake {

/// One thing the user must change, in one place. Readers collect these instead of throwing at the
/// first, so that all problems of all files are shown at once.
struct Problem {
  std::string file;
  int line = 0;         ///< 1-based; 0 when it belongs to no line
  std::string key;      ///< "size", "timeouts.load_s"; empty when it belongs to the whole file
  std::string message;  ///< what is wrong, with the value: "must be true or false, got 'yes'"
  std::string remedy;   ///< what would be right: "write true"; may be empty
};

/// "file.yaml:12: size: must be ...; write ...", leaving out what is not known.
std::string to_string(const Problem& problem);

}  // namespace longtake
