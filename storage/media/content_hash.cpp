#include "storage/media/content_hash.h"

#include <array>
#include <cstdint>
#include <memory>
#include <new>
#include <vector>

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

}  // namespace

std::string sha256_of_file(const std::filesystem::path& path) {
  const OpenFile file(path);
  Sha256 hash;
  std::vector<char> buffer(kReadBytes);
  for (std::int64_t offset = 0;;) {
    const std::size_t count = file.read_at(offset, buffer.data(), buffer.size());
    if (count == 0) return hash.hex();
    hash.add(buffer.data(), count);
    offset += static_cast<std::int64_t>(count);
  }
}

std::string sha256_of_text(std::string_view text) {
  Sha256 hash;
  hash.add(text.data(), text.size());
  return hash.hex();
}

}  // namespace longtake
