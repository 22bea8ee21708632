#include "storage/media/content_hash.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <new>
#include <vector>

#include "jobs/interval.h"
#include "storage/media/open_file.h"

extern "C" {
#include <libavutil/mem.h>
#include <libavutil/sha.h>
}

namespace longtake {
namespace {

constexpr std::size_t kReadBytes = 1 << 20;

class Sha256 {
 public:
  Sha256() : state_(av_sha_alloc()) {
    if (state_ == nullptr) throw std::bad_alloc();
    av_sha_init(state_.get(), 256);
  }

  void add(const void* bytes, std::size_t size) {
    av_sha_update(state_.get(), static_cast<const std::uint8_t*>(bytes), size);
  }

  std::string hex() {
    std::array<std::uint8_t, 32> digest;
    av_sha_final(state_.get(), digest.data());
    std::string text;
    for (const std::uint8_t byte : digest) {
      text += "0123456789abcdef"[byte >> 4];
      text += "0123456789abcdef"[byte & 15];
    }
    return text;
  }

 private:
  struct Free {
    void operator()(AVSHA* state) const { av_free(state); }
  };
  std::unique_ptr<AVSHA, Free> state_;
};

/// The bytes of `range`; fewer when the file has become shorter.
void add_range(Sha256& hash, const OpenFile& file, Interval range) {
  std::vector<char> buffer(kReadBytes);
  while (!range.is_empty()) {
    const auto wanted = std::min(buffer.size(), static_cast<std::size_t>(range.length()));
    const std::size_t count = file.read_at(range.begin, buffer.data(), wanted);
    if (count == 0) return;
    hash.add(buffer.data(), count);
    range.begin += static_cast<std::int64_t>(count);
  }
}

}  // namespace

std::string sha256_of_file(const std::filesystem::path& path) {
  const OpenFile file(path);
  Sha256 hash;
  add_range(hash, file, {0, INT64_MAX});
  return hash.hex();
}

std::string sampled_sha256_of_file(const std::filesystem::path& path) {
  constexpr std::int64_t kWhole_bytes = 32 << 20;
  constexpr std::int64_t kEnd_bytes = 4 << 20;
  constexpr std::int64_t kPiece_bytes = 64 << 10;
  constexpr std::int64_t kPieces = 256;
  const OpenFile file(path);
  const std::int64_t size = file.size();
  if (size <= kWhole_bytes) return sha256_of_file(path);
  Sha256 hash;
  const std::string length = std::to_string(size);
  hash.add(length.data(), length.size());
  add_range(hash, file, {0, kEnd_bytes});
  for (std::int64_t piece = 0; piece < kPieces; ++piece) {
    const std::int64_t begin = kEnd_bytes + (size - 2 * kEnd_bytes - kPiece_bytes) / (kPieces - 1) * piece;
    add_range(hash, file, {begin, begin + kPiece_bytes});
  }
  add_range(hash, file, {size - kEnd_bytes, size});
  return hash.hex();
}

std::string sha256_of_text(std::string_view text) {
  Sha256 hash;
  hash.add(text.data(), text.size());
  return hash.hex();
}

}  // namespace longtake
