#include "rank/engine/pipeline/unfinished_segment.h"

#include <charconv>
#include <cmath>
#include <cstring>

#include "jobs/error.h"
#include "storage/safetensors.h"
#include "storage/unfinished_file.h"

namespace longtake {
namespace {

constexpr const char* kFormat = "longtake-liveavatar-unfinished-1";
constexpr const char* kAnchor = "anchor";
constexpr std::string_view kLatents = "latents.";

TensorMetadata metadata_of(const UnfinishedOwner& owner) {
  return {{"format", kFormat},
          {"identity", owner.identity},
          {"range", text_of(owner.chain.range)},
          {"clips", text_of(owner.chain.clips)},
          {"renewal_clips", std::to_string(owner.chain.renewal_clips)},
          {"steps", std::to_string(owner.steps)}};
}

TensorView view_of(const at::Tensor& tensor) {
  return {TensorType::F32, tensor.sizes().vec(),
          std::string_view(static_cast<const char*>(tensor.data_ptr()), tensor.nbytes())};
}

[[noreturn]] void refuse(const std::string& what) {
  throw Error(ErrorKind::InvalidInput, "unfinished work: " + what);
}

/// The number that `text` begins with, which is cut off.
std::int64_t take_number(std::string_view& text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) refuse("no number in '" + std::string(text) + "'");
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return number;
}

at::Tensor read_tensor(const SafetensorsFile& file, const std::string& name,
                       const std::vector<std::int64_t>& shape) {
  const SafetensorsFile::Entry& entry = file.entry(name);
  if (entry.type != TensorType::F32 || entry.shape != shape) refuse("the shape of " + name);
  const std::string bytes = file.read(name);
  at::Tensor tensor = at::empty(shape, at::kFloat);
  std::memcpy(tensor.data_ptr(), bytes.data(), bytes.size());
  return tensor;
}

bool is_owned_by(const TensorMetadata& found, const UnfinishedOwner& owner) {
  const TensorMetadata wanted = metadata_of(owner);
  for (const auto& [key, value] : wanted) {
    const auto it = found.find(key);
    if (it == found.end() || it->second != value) return false;
  }
  return found.count(kPassesDone) == 1;
}

UnfinishedSegment read_all(const SafetensorsFile& file, const ClipShape& clip) {
  UnfinishedSegment segment;
  std::string_view passes = file.metadata().at(kPassesDone);
  segment.passes_done = take_number(passes);
  segment.anchor_CFYX = read_tensor(file, kAnchor, {clip.channels, 1, clip.height, clip.width});
  for (const auto& [name, entry] : file.entries()) {
    if (name.rfind(kLatents, 0) != 0) continue;
    std::string_view place = std::string_view(name).substr(kLatents.size());
    const std::int64_t level = take_number(place);
    if (!place.empty()) place.remove_prefix(1);
    segment.latents_CFYX[{level, take_number(place)}] =
        read_tensor(file, name, {clip.channels, clip.latent_frames(), clip.height, clip.width});
  }
  return segment;
}

}  // namespace

void write_unfinished(const std::filesystem::path& path, const UnfinishedSegment& segment,
                      const UnfinishedOwner& owner) {
  std::map<std::string, at::Tensor> kept = {{kAnchor, segment.anchor_CFYX.contiguous()}};
  for (const auto& [place, latent_CFYX] : segment.latents_CFYX) {
    kept[std::string(kLatents) + std::to_string(place.first) + "." + std::to_string(place.second)] =
        latent_CFYX.contiguous();
  }
  std::map<std::string, TensorView> tensors;
  for (const auto& [name, tensor] : kept) tensors[name] = view_of(tensor);
  TensorMetadata metadata = metadata_of(owner);
  metadata[kPassesDone] = std::to_string(segment.passes_done);
  write_safetensors(path, tensors, metadata);
}

std::optional<UnfinishedSegment> read_unfinished(const std::filesystem::path& path,
                                                 const UnfinishedOwner& owner) {
  std::error_code none;
  if (path.empty() || !std::filesystem::exists(path, none)) return std::nullopt;
  try {
    const SafetensorsFile file(path);
    if (!is_owned_by(file.metadata(), owner)) return std::nullopt;
    return read_all(file, owner.clip);
  } catch (const Error& e) {
    if (e.kind() != ErrorKind::InvalidInput) throw;
    return std::nullopt;
  }
}

std::optional<UnfinishedSegment> agreed_unfinished(const GroupSeat& seat,
                                                   std::optional<UnfinishedSegment> ours) {
  SharedTensor told{"passes done", seat.routes.writer(), {}, {1}};
  for (int stage = 0; stage < seat.routes.stages(); ++stage) told.users.insert(stage);
  const std::int64_t found = ours ? ours->passes_done : 0;
  // Exact in float32: a segment has some thousands.
  const at::Tensor passes = share(seat, told, at::full({1}, static_cast<double>(found), at::kFloat));
  const std::int64_t of_writer = std::llround(passes.item<double>());
  if (of_writer == 0) return std::nullopt;
  if (of_writer == found) return ours;
  throw Error(ErrorKind::Io, "the unfinished segment that engine " + std::to_string(seat.stage) +
                                 " of the group found has " + std::to_string(found) +
                                 " passes done, that of the engine that writes " + std::to_string(of_writer));
}

}  // namespace longtake
