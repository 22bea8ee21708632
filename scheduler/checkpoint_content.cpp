#include "scheduler/checkpoint_content.h"

#include <set>

#include "jobs/error.h"
#include "storage/media/content_hash.h"

namespace longtake {
namespace {

namespace fs = std::filesystem;

/// Pages, pictures and licences beside the weights change no film.
bool is_of_model(const fs::path& file) {
  static const std::set<std::string> endings = {".safetensors", ".pth", ".bin", ".json", ".model"};
  return endings.count(file.extension()) == 1;
}

bool is_hidden(const fs::path& path) { return path.filename().string()[0] == '.'; }

/// Sorted, so that the order of the disk does not matter. Hidden folders are those of download programs.
std::set<fs::path> files_of(const fs::path& model) {
  std::set<fs::path> files;
  const auto follow = fs::directory_options::follow_directory_symlink;
  for (fs::recursive_directory_iterator it(model, follow), end; it != end; ++it) {
    if (is_hidden(it->path())) {
      if (it->is_directory()) it.disable_recursion_pending();
    } else if (it->is_regular_file() && is_of_model(it->path())) {
      files.insert(it->path());
    }
  }
  return files;
}

}  // namespace

std::string content_of_checkpoint(const fs::path& model) {
  if (!fs::is_directory(model)) {
    throw Error(ErrorKind::InvalidInput, "there is no folder " + model.string());
  }
  const std::set<fs::path> files = files_of(model);
  if (files.empty()) throw Error(ErrorKind::InvalidInput, model.string() + " holds no file of a model");
  std::string contents;
  for (const fs::path& file : files) {
    contents += file.lexically_relative(model).string() + " " + sampled_sha256_of_file(file) + "\n";
  }
  return sha256_of_text(contents);
}

}  // namespace longtake
