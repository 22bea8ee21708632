#include "scheduler/preparing_desk.h"

#include <chrono>
#include <cstdlib>
#include <string>

#include "jobs/error.h"

namespace longtake {
namespace {

namespace fs = std::filesystem;

constexpr const char* kPrefix = "preparing-";
/// Nobody reads inputs for days.
constexpr auto kAbandoned = std::chrono::hours(72);

std::string make_desk(const fs::path& root) {
  std::string path = (root / (std::string(kPrefix) + "XXXXXX")).string();
  if (::mkdtemp(path.data()) == nullptr) throw_errno("cannot create " + path);
  return path;
}

}  // namespace

void NewFolders::make(const fs::path& path, std::error_code& error) {
  if (path.empty() || fs::is_directory(path, error)) return error.clear();
  make(path.parent_path(), error);
  if (!error && fs::create_directory(path, error)) made_.push_back(path);
}

void NewFolders::remove_empty() const {
  std::error_code none;
  for (auto folder = made_.rbegin(); folder != made_.rend(); ++folder) fs::remove(*folder, none);
}

PreparingDesk::PreparingDesk(const WorkDir& work_dir) : folder_(make_desk(work_dir.root())) {}

PreparingDesk::~PreparingDesk() {
  std::error_code none;
  fs::remove_all(folder_.root(), none);
}

void remove_abandoned_desks(const WorkDir& work_dir) {
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(work_dir.root(), none)) {
    const bool is_desk = entry.path().filename().string().rfind(kPrefix, 0) == 0;
    if (!is_desk || fs::file_time_type::clock::now() - entry.last_write_time(none) < kAbandoned) continue;
    fs::remove_all(entry.path(), none);
  }
}

}  // namespace longtake
