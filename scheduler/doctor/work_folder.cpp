#include "scheduler/doctor/work_folder.h"

#include <array>
#include <cstdio>
#include <sstream>

#include "scheduler/doctor/words.h"

namespace longtake {
namespace {

constexpr std::int64_t kGibi = std::int64_t{1} << 30;
/// An hour of 704*384 is one to two GB, twice while it is joined.
constexpr std::int64_t kLittleRoom_bytes = 10 * kGibi;
constexpr std::int64_t kNoRoom_bytes = kGibi;
constexpr std::int64_t kFewFiles = 10000;

/// A segment's commit and its rows wait for about six of them.
constexpr double kSlowSync_ms = 100;
constexpr double kUnusableSync_ms = 2000;
/// One engine writes under 2 MB/s, a join reads and writes a film whole.
constexpr double kSlowWrite_bytes_per_s = 20e6;

template <class... Values>
std::string format(const char* pattern, Values... values) {
  std::array<char, 160> text{};
  std::snprintf(text.data(), text.size(), pattern, values...);
  return text.data();
}

std::string place_text(const WorkFolderFacts& facts) {
  if (facts.looked_at == facts.folder) return facts.folder.string();
  return facts.folder.string() + " (not there yet; looked at " + facts.looked_at.string() + ")";
}

std::string describe(const WorkFolderFacts& facts) {
  return place_text(facts) + " is on " +
         (facts.file_system.empty() ? "an unknown file system" : facts.file_system) +
         (facts.is_remote ? ", a network file system" : ", local") + ", " + bytes_text(facts.free_bytes) +
         " free";
}

bool is_volatile(const std::string& file_system) { return file_system == "tmpfs" || file_system == "ramfs"; }

bool is_below(const std::filesystem::path& folder, const std::string& mount) {
  const std::string path = folder.string();
  if (mount == "/" || path == mount) return true;
  return path.rfind(mount + "/", 0) == 0;
}

}  // namespace

std::string file_system_type(const std::string& mountinfo, const std::filesystem::path& folder) {
  // "36 35 98:0 /root /mount/point rw,noatime master:1 - ext3 /dev/root rw": proc(5).
  std::string type;
  std::size_t longest = 0;
  std::istringstream lines(mountinfo);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string id, parent, device, root, mount, word, found;
    words >> id >> parent >> device >> root >> mount;
    while (words >> word && word != "-") {
    }
    if (!(words >> found) || !is_below(folder, mount) || mount.size() < longest) continue;
    longest = mount.size();  // of two at one place the later one counts
    type = found;
  }
  return type;
}

Finding check_work_directory(const WorkFolderFacts& facts) {
  const std::string name = "work_directory";
  if (!facts.failure.empty()) {
    return bad(name, "cannot write in " + place_text(facts) + ": " + facts.failure,
               "name a folder that you may write with --work-dir");
  }
  const std::string room = "make room, or name a folder on another disk with --work-dir";
  if (facts.free_bytes < kNoRoom_bytes) return bad(name, describe(facts), room);
  if (facts.free_files >= 0 && facts.free_files < kFewFiles) {
    return bad(name, describe(facts) + ", but room for " + std::to_string(facts.free_files) + " files only",
               room);
  }
  if (is_volatile(facts.file_system)) {
    return warning(name, describe(facts) + ": memory, which a reboot empties",
                   "name a folder on a disk with --work-dir, so that a run can go on after anything");
  }
  if (facts.file_system == "overlay") {
    return warning(name, describe(facts) + ": it goes when the container goes",
                   "name a folder that is mounted into the container with --work-dir");
  }
  if (facts.free_bytes < kLittleRoom_bytes) return warning(name, describe(facts), room);
  return good(name, describe(facts));
}

Finding check_disk_speed(const WorkFolderFacts& facts) {
  const std::string name = "disk_speed";
  if (!facts.failure.empty()) return not_applicable(name, "nothing can be written in " + place_text(facts));
  const std::string reason =
      format("fsync takes %.1f ms (slowest %.1f ms), a large file is written at %.0f MB/s", facts.sync_ms,
             facts.slowest_sync_ms, facts.write_bytes_per_s / 1e6);
  const std::string remedy = "name a folder on a faster disk with --work-dir; films can be copied afterwards";
  if (facts.sync_ms > kUnusableSync_ms) return bad(name, reason + ": the disk hardly answers", remedy);
  if (facts.sync_ms > kSlowSync_ms)
    return warning(name, reason + ": each commit waits for several fsyncs", remedy);
  if (facts.write_bytes_per_s < kSlowWrite_bytes_per_s) return warning(name, reason, remedy);
  return good(name, reason);
}

}  // namespace longtake
