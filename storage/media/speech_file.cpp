#include <algorithm>
#include <utility>

#include "jobs/error.h"
#include "storage/media/speech.h"

namespace longtake {

SpeechFile::SpeechFile(std::filesystem::path path, Interval kept) : file_(path), kept_(kept) {
  const std::int64_t samples = file_.size() / static_cast<std::int64_t>(sizeof(float));
  if (kept.begin >= 0 && kept.end <= samples && kept.begin <= kept.end) return;
  throw Error(ErrorKind::Io, "speech file " + path.string() + " holds " + std::to_string(samples) +
                                 " samples, samples " + std::to_string(kept.begin) + " to " +
                                 std::to_string(kept.end) + " were asked for");
}

void SpeechFile::read(Interval samples, float* out) const {
  std::fill_n(out, std::max<std::int64_t>(0, samples.length()), 0.0F);
  const Interval inside{std::max<std::int64_t>(samples.begin, 0), std::min(samples.end, kept_.length())};
  if (inside.is_empty()) return;
  const auto bytes = static_cast<std::size_t>(inside.length()) * sizeof(float);
  const std::int64_t offset = (kept_.begin + inside.begin) * static_cast<std::int64_t>(sizeof(float));
  if (file_.read_at(offset, out + (inside.begin - samples.begin), bytes) != bytes) {
    throw Error(ErrorKind::Io, "a speech file became shorter while it was read");
  }
}

}  // namespace longtake
