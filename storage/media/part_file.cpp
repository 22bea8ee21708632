#include "storage/media/part_file.h"

#include <system_error>
#include <utility>

#include "jobs/error.h"
#include "storage/durable_file.h"

namespace longtake {

namespace fs = std::filesystem;

PartFile::PartFile(fs::path path, const std::string& writer)
    : path_(std::move(path)), part_(part_path(path_, writer)) {
  std::error_code ignored;
  if (path_.has_parent_path() && !fs::is_directory(path_.parent_path(), ignored)) {
    throw Error(ErrorKind::Io, "cannot write " + path_.string() + ": its folder does not exist");
  }
  fs::remove(part_, ignored);
}

PartFile::~PartFile() {
  std::error_code ignored;
  if (!is_committed_) fs::remove(part_, ignored);
}

void PartFile::commit() {
  commit_part(part_, path_);
  is_committed_ = true;
}

}  // namespace longtake
