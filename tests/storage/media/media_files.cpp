#include "tests/storage/media/media_files.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <sstream>

#include "storage/media/segment_writer.h"

namespace longtake::test {
namespace {

constexpr double kPi = 3.14159265358979323846;

void append_little_endian(std::string& bytes, std::uint32_t value, int size) {
  for (int i = 0; i < size; ++i) bytes += static_cast<char>(value >> (8 * i) & 0xffU);
}

struct ClosePipe {
  void operator()(std::FILE* pipe) const { ::pclose(pipe); }
};

}  // namespace

TempFolder::TempFolder() {
  std::string name = (std::filesystem::temp_directory_path() / "longtake-media-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) throw_errno("cannot create " + name);
  path_ = name;
}

TempFolder::~TempFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::vector<std::string> TempFolder::files() const {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(path_))
    names.push_back(entry.path().filename());
  std::sort(names.begin(), names.end());
  return names;
}

void ffmpeg(const std::string& arguments) {
  const std::string command = "ffmpeg -nostdin -v error -y " + arguments;
  ASSERT_EQ(std::system(command.c_str()), 0) << command;
}

std::string ffprobe(const std::string& arguments) {
  const std::unique_ptr<std::FILE, ClosePipe> pipe(::popen(("ffprobe -v error " + arguments).c_str(), "r"));
  std::string output;
  std::array<char, 4096> buffer;
  while (const std::size_t count = std::fread(buffer.data(), 1, buffer.size(), pipe.get())) {
    output.append(buffer.data(), count);
  }
  return output;
}

std::string bytes_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream bytes;
  bytes << file.rdbuf();
  return bytes.str();
}

void write_bytes(const std::filesystem::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

void truncate_to(const std::filesystem::path& path, double part) {
  const auto size = static_cast<double>(std::filesystem::file_size(path));
  std::filesystem::resize_file(path, static_cast<std::uintmax_t>(size * part));
}

void write_wav(const std::filesystem::path& path, const std::vector<double>& samples, int rate) {
  const auto data_bytes = static_cast<std::uint32_t>(samples.size() * 2);
  std::string wav = "RIFF";
  append_little_endian(wav, data_bytes + 36, 4);
  wav += "WAVEfmt ";
  append_little_endian(wav, 16, 4);
  append_little_endian(wav, 1, 2);  // PCM
  append_little_endian(wav, 1, 2);  // mono
  append_little_endian(wav, static_cast<std::uint32_t>(rate), 4);
  append_little_endian(wav, static_cast<std::uint32_t>(rate * 2), 4);
  append_little_endian(wav, 2, 2);
  append_little_endian(wav, 16, 2);
  wav += "data";
  append_little_endian(wav, data_bytes, 4);
  for (const double sample : samples) {
    append_little_endian(
        wav, static_cast<std::uint32_t>(static_cast<std::int32_t>(std::lround(sample * 32767))), 2);
  }
  write_bytes(path, wav);
}

std::vector<double> sine(double seconds, int rate, double amplitude, double frequency_hz) {
  std::vector<double> samples(static_cast<std::size_t>(std::llround(seconds * rate)));
  for (std::size_t i = 0; i < samples.size(); ++i) {
    samples[i] = amplitude * std::sin(2 * kPi * frequency_hz * static_cast<double>(i) / rate);
  }
  return samples;
}

std::vector<double> silence(double seconds, int rate) {
  return std::vector<double>(static_cast<std::size_t>(std::llround(seconds * rate)), 0.0);
}

std::vector<double> joined(const std::vector<std::vector<double>>& parts) {
  std::vector<double> all;
  for (const std::vector<double>& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

std::vector<std::uint8_t> moving_picture(FrameSize size, std::int64_t frame, int shift) {
  std::vector<std::uint8_t> rgb;
  rgb.reserve(static_cast<std::size_t>(size.height) * static_cast<std::size_t>(size.width) * 3);
  for (int y = 0; y < size.height; ++y) {
    for (int x = 0; x < size.width; ++x) {
      const double phase = (x + static_cast<double>(frame) + shift) / 16.0 + y / 24.0;
      const auto value = static_cast<std::uint8_t>(128 + 60 * std::sin(phase));
      rgb.insert(rgb.end(), {value, static_cast<std::uint8_t>(255 - value), static_cast<std::uint8_t>(y)});
    }
  }
  return rgb;
}

FilmSegment write_test_segment(const std::filesystem::path& file, FrameSize size, Interval frames,
                               int shift) {
  SegmentWriter writer(file, {size, kFramesPerSecond, "test"});
  for (std::int64_t frame = frames.begin; frame < frames.end; ++frame) {
    writer.add(moving_picture(size, frame, shift).data());
  }
  return {file, writer.commit(frames.length()), frames, false};
}

}  // namespace longtake::test
