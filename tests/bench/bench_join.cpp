// Joins a one-hour film out of segments and compares with copying the same bytes with fsync, in one run.
// Prints one JSON document. Usage: bench_join FOLDER [MINUTES [CLIPS_PER_SEGMENT]]
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>
#include <vector>

#include "storage/media/film_join.h"
#include "storage/media/segment_writer.h"
#include "storage/media/sound_track.h"

namespace {

namespace fs = std::filesystem;
using namespace longtake;

constexpr FrameSize kSize = {384, 704};
constexpr int kFramesOfClip = 48;
constexpr int kRepeats = 3;

double seconds_of(const std::function<void()>& action) {
  const auto start = std::chrono::steady_clock::now();
  action();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// Moving gradients with a grain, which x264 turns into the bit rate of a generated talking head (2 to 3
/// Mbit/s).
SegmentFacts make_segment(const fs::path& path, std::int64_t frames) {
  std::vector<std::uint8_t> rgb(static_cast<std::size_t>(kSize.height) * kSize.width * 3);
  std::minstd_rand random(7);
  SegmentWriter writer(path, {kSize, kFramesPerSecond, "bench", "", frames});
  for (std::int64_t f = 0; f < frames; ++f) {
    std::size_t i = 0;
    for (int y = 0; y < kSize.height; ++y) {
      for (int x = 0; x < kSize.width; ++x) {
        const auto grain = static_cast<int>(random() % 5);
        rgb[i++] = static_cast<std::uint8_t>((x + f) % 200 + grain);
        rgb[i++] = static_cast<std::uint8_t>((y + 2 * f) % 200 + grain);
        rgb[i++] = static_cast<std::uint8_t>((x + y) % 200 + grain);
      }
    }
    writer.add(rgb.data());
  }
  return writer.commit(frames);
}

void write_silence(const fs::path& path, std::int64_t seconds) {
  const auto command = "ffmpeg -v error -y -f lavfi -i anoisesrc=r=16000:a=0.1 -t " +
                       std::to_string(seconds) + " " + path.string();
  if (std::system(command.c_str()) != 0) throw std::runtime_error("ffmpeg failed");
}

/// What a join cannot avoid: every byte read and written, then on the disk.
void copy_with_fsync(const std::vector<fs::path>& parts, const fs::path& to) {
  const int out = ::open(to.c_str(), O_CREAT | O_TRUNC | O_WRONLY, 0644);
  std::vector<char> buffer(1 << 20);
  for (const fs::path& part : parts) {
    std::ifstream in(part, std::ios::binary);
    while (in.read(buffer.data(), static_cast<std::streamsize>(buffer.size())) || in.gcount() > 0) {
      if (::write(out, buffer.data(), static_cast<std::size_t>(in.gcount())) != in.gcount()) std::abort();
    }
  }
  if (::fsync(out) != 0) std::abort();
  ::close(out);
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

}  // namespace

int main(int argc, char** argv) {
  const fs::path folder = argc > 1 ? argv[1] : "bench-join";
  const std::int64_t minutes = argc > 2 ? std::atoi(argv[2]) : 60;
  const std::int64_t segment_frames = (argc > 3 ? std::atoi(argv[3]) : 64) * std::int64_t{kFramesOfClip};
  fs::create_directories(folder);
  const SegmentFacts facts = make_segment(folder / "segment.mp4", segment_frames);

  JoinOrder order;
  order.size = kSize;
  std::vector<fs::path> parts;
  for (std::int64_t begin = 0; begin < minutes * 60 * kFramesPerSecond; begin += segment_frames) {
    order.segments.push_back({folder / "segment.mp4", facts, {begin, begin + segment_frames}, begin == 0});
    order.film_frames = begin + segment_frames;
    parts.push_back(folder / "segment.mp4");
  }
  const std::int64_t film_seconds = order.film_frames / kFramesPerSecond;
  write_silence(folder / "sound.wav", film_seconds);
  order.sound = folder / "sound.mka";
  encode_sound(folder / "sound.wav", {0, film_seconds * kSpeechSampleRate}, order.film_frames, order.sound);
  parts.push_back(order.sound);
  order.film = folder / "film.mp4";

  std::vector<double> copies, joins;
  JoinReport report;
  for (int i = 0; i < kRepeats; ++i) {
    // Freeing what was there before is no part of either.
    fs::remove(folder / "copy.bin");
    fs::remove(order.film);
    copies.push_back(seconds_of([&] { copy_with_fsync(parts, folder / "copy.bin"); }));
    joins.push_back(seconds_of([&] { report = std::get<JoinReport>(join_film(order)); }));
  }
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const nlohmann::json result = {{"film_seconds", report.video_seconds},
                                 {"frames", report.frames},
                                 {"segments", order.segments.size()},
                                 {"bytes", report.bytes},
                                 {"copy_s", median(copies)},
                                 {"join_s", median(joins)},
                                 {"ratio", median(joins) / median(copies)},
                                 {"drift_ms", report.drift_ms},
                                 {"peak_mib", usage.ru_maxrss / 1024}};
  std::printf("%s\n", result.dump(2).c_str());
  fs::remove_all(folder);
  return 0;
}
