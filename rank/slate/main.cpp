#include <cstdlib>

#include "rank/engine_side/engine_program.h"
#include "rank/slate/segment_maker.h"

namespace {

longtake::SegmentMaker slate_maker() {
  const char* font = std::getenv("LONGTAKE_SLATE_FONT");
  const std::string path = font != nullptr ? font : LONGTAKE_DEFAULT_FONT;
  return [path](const longtake::SegmentOrder& order, const longtake::AfterFrame& after_frame) {
    return longtake::make_slate_segment(order, path, after_frame);
  };
}

}  // namespace

int main(int argument_count, char** arguments) {
  const longtake::EngineProgram program = {
      "longtake-slate",
      "slate",
      longtake::kSlateVersion,
      "an engine without a model. It renders a job's reference image, framed as in the\n"
      "film, with a slate on every frame: job, clip, frame, timecode, sound level, and the frame number as\n"
      "a strip of 32 black and white cells at the bottom.\n",
      "",
      "\nLONGTAKE_SLATE_FONT names another font file than " LONGTAKE_DEFAULT_FONT "\n"};
  return longtake::run_engine_program(program, argument_count, arguments, slate_maker);
}
