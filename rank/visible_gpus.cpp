#include "rank/visible_gpus.h"

#include <algorithm>
#include <charconv>
#include <numeric>
#include <sstream>
#include <string_view>

namespace longtake {
namespace {

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

std::optional<int> index_of_uuid(std::string_view prefix, const std::vector<std::string>& uuids) {
  std::optional<int> found;
  for (std::size_t i = 0; i < uuids.size(); ++i) {
    if (uuids[i].compare(0, prefix.size(), prefix) != 0) continue;
    if (found) return std::nullopt;  // fits two
    found = static_cast<int>(i);
  }
  return found;
}

std::optional<int> gpu_of_entry(std::string_view entry, const std::vector<std::string>& uuids) {
  if (entry.substr(0, 4) == "GPU-") return index_of_uuid(entry, uuids);
  int index = -1;
  const auto [end, error] = std::from_chars(entry.data(), entry.data() + entry.size(), index);
  if (error != std::errc() || end != entry.data() + entry.size()) return std::nullopt;
  if (index < 0 || index >= static_cast<int>(uuids.size())) return std::nullopt;
  return index;
}

/// The entries of CUDA_VISIBLE_DEVICES.
std::vector<std::string> entries_of(const std::string& variable) {
  std::vector<std::string> entries;
  std::istringstream stream(variable);
  for (std::string entry; std::getline(stream, entry, ',');) entries.emplace_back(trimmed(entry));
  return entries;
}

}  // namespace

std::vector<int> visible_gpus(const std::optional<std::string>& variable,
                              const std::vector<std::string>& uuids) {
  std::vector<int> visible;
  if (!variable) {
    visible.resize(uuids.size());
    std::iota(visible.begin(), visible.end(), 0);
    return visible;
  }
  for (const std::string& entry : entries_of(*variable)) {
    const std::optional<int> index = gpu_of_entry(entry, uuids);
    if (!index || std::find(visible.begin(), visible.end(), *index) != visible.end()) break;
    visible.push_back(*index);
  }
  return visible;
}

std::map<std::string, std::string> variables_for_gpu(const std::optional<std::string>& variable, int index) {
  constexpr const char* kVisible = "CUDA_VISIBLE_DEVICES";
  // CUDA counts the fastest first unless it is told to count as the driver's tools do.
  if (!variable) return {{"CUDA_DEVICE_ORDER", "PCI_BUS_ID"}, {kVisible, std::to_string(index)}};
  return {{kVisible, entries_of(*variable).at(static_cast<std::size_t>(index))}};
}

}  // namespace longtake
