#include <cstdlib>
#include <iostream>
#include <string>

#include "jobs/engine_protocol.h"
#include "rank/slate/segment_maker.h"

namespace {

constexpr const char* kHelp =
    "longtake-slate: an engine without a model. It renders a job's reference image, framed as in the\n"
    "film, with a slate on every frame: job, clip, frame, timecode, sound level, and the frame number as\n"
    "a strip of 32 black and white cells at the bottom.\n\n"
    "It is started by a rank of 'longtake run JOB --engine slate', which speaks to it over the socket\n"
    "whose descriptor number is in LONGTAKE_ENGINE_FD (JSON lines, see docs/formats.md).\n\n"
    "  --help      this text\n"
    "  --version   program version, engine protocol and version of the pixels\n\n"
    "LONGTAKE_SLATE_FONT names another font file than " LONGTAKE_DEFAULT_FONT "\n";

int exit_code_of_no_rank(int argument_count, char** arguments) {
  const std::string word = argument_count > 1 ? arguments[1] : "";
  if (word == "--version") {
    std::cout << "longtake-slate " LONGTAKE_VERSION ", engine protocol " << longtake::kEngineProtocol
              << ", pixels " << longtake::kSlateVersion << "\n";
    return 0;
  }
  const bool was_asked = word == "--help" || word == "-h";
  (was_asked ? std::cout : std::cerr) << kHelp;
  return was_asked ? 0 : 2;
}

}  // namespace

int main(int argument_count, char** arguments) {
  const char* descriptor = std::getenv(longtake::kEngineDescriptorVariable);
  if (argument_count > 1 || descriptor == nullptr) return exit_code_of_no_rank(argument_count, arguments);
  const char* font = std::getenv("LONGTAKE_SLATE_FONT");
  try {
    const auto make = [&](const longtake::SegmentOrder& order, const longtake::AfterFrame& after_frame)
        -> std::optional<longtake::PartMade> {
      const auto facts =
          longtake::make_slate_segment(order, font != nullptr ? font : LONGTAKE_DEFAULT_FONT, after_frame);
      if (!facts) return std::nullopt;
      return longtake::PartMade{facts, {}};
    };
    longtake::SegmentService(longtake::OrderLine(std::atoi(descriptor)),
                             {longtake::kEngineProtocol, "slate", longtake::kSlateVersion}, make)
        .serve();
    return 0;
  } catch (const std::exception& e) {
    std::cerr << "longtake-slate: " << e.what() << "\n";
    return 1;
  }
}
