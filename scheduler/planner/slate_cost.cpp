#include "scheduler/planner/slate_cost.h"

namespace longtake {

Layout slate_layout() { return {LayoutKind::Single, {Stage{}}}; }

StageMemory slate_memory(FrameSize size, int infer_frames) {
  constexpr std::int64_t kProgram_bytes = 48'000'000;  // the process, FFmpeg's and x264's code and tables
  constexpr std::int64_t kEncoderFrames = 64;          // look-ahead, references and those in flight
  const std::int64_t pixels = std::int64_t{size.height} * size.width;
  const std::int64_t rgb_bytes = pixels * 3;
  const std::int64_t yuv420_bytes = pixels * 3 / 2;
  const std::int64_t speech_bytes = std::int64_t{infer_frames} * kSamplesPerFrame * 4;
  return {{{"program", kProgram_bytes},
           {"reference image", rgb_bytes},
           {"frame", rgb_bytes + yuv420_bytes},
           {"encoder", kEncoderFrames * yuv420_bytes},
           {"speech window", speech_bytes}}};
}

double slate_frames_per_second(const Profile& profile, FrameSize size) {
  const double pixels = static_cast<double>(size.height) * size.width;
  return profile.slate_megapixels_per_s * 1e6 / pixels;
}

}  // namespace longtake
