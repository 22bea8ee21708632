#include "rank/engine/weights/pth_source.h"

#include <c10/util/Exception.h>
#include <caffe2/serialize/inline_container.h>

#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

#include "jobs/error.h"
#include "rank/engine/weights/mapped_source.h"
#include "rank/engine/weights/state_dict_pickle.h"

namespace longtake {
namespace {

using caffe2::serialize::PyTorchStreamReader;

[[noreturn]] void refuse(const std::filesystem::path& file, const std::string& why) {
  throw Error(ErrorKind::InvalidInput, file.string() + " is not a complete file of torch.save: " + why);
}

/// Where each storage's bytes lie in the file: [begin, end).
using Extents = std::map<std::string, std::pair<std::int64_t, std::int64_t>>;

/// The archive's reader tells where a record begins but not its length without reading it, and reading
/// them all would load the checkpoint. A record cannot reach beyond the beginning of the next.
Extents extents_of(PyTorchStreamReader& archive, std::int64_t file_bytes) {
  constexpr std::string_view kFolder = "data/";
  std::map<std::int64_t, std::string> by_offset;
  for (const std::string& record : archive.getAllRecords()) {
    by_offset[static_cast<std::int64_t>(archive.getRecordOffset(record))] = record;
  }
  Extents extents;
  std::int64_t end = file_bytes;
  for (auto record = by_offset.rbegin(); record != by_offset.rend(); ++record) {
    const auto& [offset, name] = *record;
    if (name.compare(0, kFolder.size(), kFolder) == 0) extents[name.substr(kFolder.size())] = {offset, end};
    end = offset;
  }
  return extents;
}

/// From the first to beyond the last element, in elements.
std::int64_t span_of(const PickledTensor& tensor) {
  std::int64_t last = 0;
  for (std::size_t i = 0; i < tensor.shape.size(); ++i) {
    if (tensor.shape[i] == 0) return 0;
    std::int64_t reach = 0;
    if (__builtin_mul_overflow(tensor.shape[i] - 1, tensor.strides[i], &reach) ||
        __builtin_add_overflow(last, reach, &last)) {
      return std::numeric_limits<std::int64_t>::max();
    }
  }
  return last + 1;
}

StoredTensor place(const PickledTensor& tensor, const std::string& name, const Extents& extents,
                   const std::shared_ptr<const MappedFile>& mapped, const std::filesystem::path& file) {
  const auto extent = extents.find(tensor.storage);
  if (extent == extents.end())
    refuse(file, "the record data/" + tensor.storage + " of tensor '" + name + "' is missing");
  const auto [begin, end] = extent->second;
  const std::int64_t room = (end - begin) / bytes_of_element(tensor.type);
  if (tensor.storage_offset > room || span_of(tensor) > room - tensor.storage_offset) {
    refuse(file, "tensor '" + name + "' does not fit into its record data/" + tensor.storage);
  }
  const std::int64_t offset = begin + tensor.storage_offset * bytes_of_element(tensor.type);
  return {mapped, tensor.type, offset, tensor.shape, tensor.strides};
}

std::map<std::string, MappedSource::Place> places_in(const std::filesystem::path& file) {
  const auto mapped = std::make_shared<const MappedFile>(file);
  PyTorchStreamReader archive(file.string());
  if (!archive.hasRecord("data.pkl")) refuse(file, "it has no record data.pkl");
  const auto [pickle, pickle_bytes] = archive.getRecord("data.pkl");
  const std::string_view text(static_cast<const char*>(pickle.get()), pickle_bytes);
  const Extents extents = extents_of(archive, mapped->size_bytes());
  std::map<std::string, MappedSource::Place> places;
  for (const auto& [name, tensor] : read_state_dict_pickle(text, file.string())) {
    places[name] = {place(tensor, name, extents, mapped, file), file};
  }
  return places;
}

}  // namespace

std::unique_ptr<WeightSource> open_pth(const std::filesystem::path& file) {
  try {
    return std::make_unique<MappedSource>(file, places_in(file));
  } catch (const c10::Error&) {
    // LibTorch's own words are of archives in general and of its source lines.
    refuse(file, "it is no zip archive, or one that is cut short (PyTorch 1.6 and later write archives)");
  }
}

}  // namespace longtake
