#pragma once

#include <functional>
#include <string>

#include "rank/engine_side/segment_service.h"

namespace longtake {

/// What an engine program says of itself.
struct EngineProgram {
  std::string program;      ///< "longtake-slate"
  std::string engine;       ///< by which jobs name it: "slate"
  std::string version;      ///< of its pixels: changes whenever they may
  std::string purpose;      ///< first paragraph of its help
  std::string own_options;  ///< lines of its help besides --help and --version
  std::string notes;        ///< last paragraph of its help; may be empty
  /// As in SegmentService; empty: always.
  std::function<bool()> can_go_on{};
};

/// The main() of an engine: with the line to a rank it serves until it is told to quit, on this thread;
/// without one, or with arguments, it tells people what it is. `start` makes the maker once, before the rank
/// hears of the engine. Returns the exit code: 0; 1 with a line on standard error when it cannot serve, or
/// not any more; 2 for arguments it does not know.
int run_engine_program(const EngineProgram& program, int argument_count, char** arguments,
                       const std::function<SegmentMaker()>& start);

}  // namespace longtake
