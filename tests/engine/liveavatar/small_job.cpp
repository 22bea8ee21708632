#include "tests/engine/liveavatar/small_job.h"

#include <cmath>
#include <fstream>
#include <vector>

#include "storage/media/image.h"
#include "tests/engine/liveavatar/small_checkpoint.h"

namespace longtake {
namespace {

namespace fs = std::filesystem;

constexpr FrameSize kSize = {64, 64};

std::vector<std::uint8_t> portrait() {
  std::vector<std::uint8_t> rgb(std::size_t{64} * 64 * 3);
  for (std::size_t i = 0; i < rgb.size(); ++i) rgb[i] = static_cast<std::uint8_t>(i * 7 % 251);
  return rgb;
}

std::vector<float> recording() {
  std::vector<float> wave(kSmallJobFrames * kSamplesPerFrame);
  for (std::size_t i = 0; i < wave.size(); ++i) wave[i] = 0.3F * std::sin(static_cast<float>(i) * 0.02F);
  return wave;
}

}  // namespace

void write_small_job(const fs::path& folder) {
  fs::remove_all(folder);
  write_small_checkpoint(folder / "model");
  write_png(folder / "reference.png", {kSize, portrait()});
  const std::vector<float> speech = recording();
  std::ofstream(folder / "speech.f32", std::ios::binary)
      .write(reinterpret_cast<const char*>(speech.data()),
             static_cast<std::streamsize>(speech.size() * sizeof(float)));
}

SegmentOrder small_order(const fs::path& folder, Interval clips, const std::string& name) {
  SegmentOrder wanted;
  wanted.attempt = AttemptId{7};
  wanted.job = "test-job";
  wanted.identity = "abc123";
  wanted.settings.prompt = "a person speaks";
  wanted.settings.sample_steps = 2;
  wanted.settings.infer_frames = kSmallJobClipFrames;
  wanted.settings.model = folder / "model";
  wanted.size = kSize;
  wanted.range = {0, 3};
  wanted.clips = clips;
  wanted.frames = frames_of_clips(clips, kSmallJobClipFrames, kSmallJobFrames);
  wanted.renewal_clips = kSmallJobRenewal_clips;
  wanted.film_frames = kSmallJobFrames;
  wanted.reference_image = folder / "reference.png";
  wanted.speech = folder / "speech.f32";
  wanted.speech_samples = {0, kSmallJobFrames * kSamplesPerFrame};
  wanted.segment = folder / (name + ".mp4");
  wanted.carry_out = folder / (name + ".carry.safetensors");
  return wanted;
}

SegmentOrder small_order_after(const SegmentOrder& before, Interval clips, const std::string& name) {
  const fs::path folder = fs::path(before.segment).parent_path();
  SegmentOrder wanted = small_order(folder, clips, name);
  wanted.identity = before.identity;
  wanted.settings = before.settings;
  wanted.carry_in = before.carry_out;
  return wanted;
}

}  // namespace longtake
