#include "scheduler/prepared_file.h"

#include <sys/stat.h>

#include <fstream>

#include "jobs/error.h"
#include "jobs/segment.h"
#include "storage/durable_file.h"
#include "storage/media/content_hash.h"

namespace longtake {
namespace {

constexpr int kPreparedVersion = 1;

FileStamp unhashed_stamp_of(const std::filesystem::path& path) {
  struct stat facts {};
  if (::stat(path.c_str(), &facts) != 0) throw_errno("cannot read " + path.string());
  FileStamp stamp;
  stamp.path = path.string();
  stamp.bytes = facts.st_size;
  stamp.modified_ns = std::int64_t{facts.st_mtim.tv_sec} * 1'000'000'000 + facts.st_mtim.tv_nsec;
  return stamp;
}

bool is_same_file(const FileStamp& a, const FileStamp& b) {
  return a.path == b.path && a.bytes == b.bytes && a.modified_ns == b.modified_ns;
}

}  // namespace

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(FileStamp, path, bytes, modified_ns, hash)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(PreparedFile, image, audio, image_size, speech_samples, identity,
                                   identity_of, warnings, sound_facts)

FileStamp stamp_of(const std::filesystem::path& path, const std::optional<FileStamp>& known) {
  FileStamp stamp = unhashed_stamp_of(path);
  stamp.hash = known && is_same_file(*known, stamp) ? known->hash : sha256_of_file(path);
  return stamp;
}

std::optional<PreparedFile> read_prepared_file(const std::filesystem::path& path) {
  std::ifstream file(path);
  const auto json = nlohmann::json::parse(file, nullptr, false);
  if (!json.is_object() || json.value("version", 0) != kPreparedVersion) return std::nullopt;
  try {
    return json.get<PreparedFile>();
  } catch (const nlohmann::json::exception&) {
    return std::nullopt;
  }
}

void write_prepared_file(const std::filesystem::path& path, const PreparedFile& prepared) {
  nlohmann::json json = prepared;
  json["version"] = kPreparedVersion;
  write_durably(path, json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
}

}  // namespace longtake
