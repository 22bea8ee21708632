#include "tests/engine/reference.h"

#include <cstdlib>
#include <fstream>
#include <limits>
#include <map>

#include "rank/engine/torch_compat.h"
#include "storage/safetensors.h"

namespace longtake {

std::filesystem::path reference(const std::string& name) {
  const char* folder = std::getenv("LONGTAKE_REFERENCE_DIR");
  return std::filesystem::path(folder ? folder : LONGTAKE_DEFAULT_REFERENCE_DIR) / name;
}

nlohmann::json reference_json(const std::string& name) {
  std::ifstream file(reference(name));
  return nlohmann::json::parse(file);
}

Weights reference_weights(const std::string& name) { return open_weights(reference(name), {}); }

at::Tensor reference_tensor(const std::string& file, const std::string& name) {
  const SafetensorsFile opened(reference(file));
  std::string bytes = opened.read(name);
  const SafetensorsFile::Entry& entry = opened.entry(name);
  return at::from_blob(bytes.data(), entry.shape, at::TensorOptions(*scalar_type_of(entry.type))).clone();
}

double relative_error(const at::Tensor& out, const at::Tensor& expected) {
  if (out.sizes() != expected.sizes()) return std::numeric_limits<double>::infinity();
  const at::Tensor wide = expected.to(at::kDouble);
  return ((out.to(at::kDouble) - wide).norm() / wide.norm()).item<double>();
}

}  // namespace longtake
