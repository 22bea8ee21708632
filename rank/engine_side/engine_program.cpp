#include "rank/engine_side/engine_program.h"

#include <cstdlib>
#include <iostream>

namespace longtake {
namespace {

std::string help_of(const EngineProgram& program) {
  return program.program + ": " + program.purpose +
         "\nIt is started by a rank of 'longtake run JOB --engine " + program.engine +
         "', which speaks to it over the socket\n"
         "whose descriptor number is in LONGTAKE_ENGINE_FD (JSON lines, see docs/formats.md).\n\n" +
         program.own_options +
         "  --help      this text\n"
         "  --version   program version, engine protocol and version of the pixels\n" +
         program.notes;
}

int tell_people(const EngineProgram& program, int argument_count, char** arguments) {
  const std::string word = argument_count > 1 ? arguments[1] : "";
  if (word == "--version") {
    std::cout << program.program << " " LONGTAKE_VERSION ", engine protocol " << kEngineProtocol
              << ", pixels " << program.version << "\n";
    return 0;
  }
  const bool was_asked = word == "--help" || word == "-h";
  (was_asked ? std::cout : std::cerr) << help_of(program);
  return was_asked ? 0 : 2;
}

}  // namespace

int run_engine_program(const EngineProgram& program, int argument_count, char** arguments,
                       const std::function<SegmentMaker()>& start) {
  const char* descriptor = std::getenv(kEngineDescriptorVariable);
  if (argument_count > 1 || descriptor == nullptr) return tell_people(program, argument_count, arguments);
  try {
    const SegmentMaker maker = start();
    SegmentService(OrderLine(std::atoi(descriptor)), {kEngineProtocol, program.engine, program.version},
                   maker, program.can_go_on)
        .serve();
    return 0;
  } catch (const std::exception& e) {
    std::cerr << program.program << ": " << e.what() << "\n";
    return 1;
  }
}

}  // namespace longtake
