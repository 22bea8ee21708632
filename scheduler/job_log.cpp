#include "scheduler/job_log.h"

#include <filesystem>
#include <fstream>

#include "storage/job_store.h"

namespace longtake {
namespace {

std::ofstream open_to_append(const std::filesystem::path& path) {
  std::error_code none;
  std::filesystem::create_directories(path.parent_path(), none);
  return std::ofstream(path, std::ios::app);
}

/// Paths need not be UTF-8; what is not becomes U+FFFD.
std::string text_of(const nlohmann::json& json, int indent) {
  return json.dump(indent, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

void append_inference_log(const WorkDir& work_dir, const std::string& job, std::int64_t now_ms,
                          const std::string& line) {
  open_to_append(work_dir.inference_log(job)) << utc_text(now_ms) << ' ' << line << '\n';
}

void log_parameters(const WorkDir& work_dir, const PreparedJob& job, std::int64_t now_ms) {
  const auto log = [&](const std::string& line) {
    append_inference_log(work_dir, job.spec.name, now_ms, line);
  };
  log("sound: " + job.sound_facts);
  log("film: " + std::to_string(job.film_frames) + " frames, " + std::to_string(job.clips) + " clips, " +
      std::to_string(job.size.width) + "*" + std::to_string(job.size.height) + " (asked for " +
      job.spec.settings.size.text + ")");
  log("parameters: " + text_of(job.identity.of, -1));
}

void append_memory_log(const WorkDir& work_dir, const std::string& job, const MemorySample& sample) {
  const std::filesystem::path path = work_dir.memory_log(job);
  std::error_code none;
  const bool is_new = !std::filesystem::exists(path, none);
  std::ofstream file = open_to_append(path);
  if (is_new) file << "time_s,rank,device,allocated_bytes,reserved_bytes,used_bytes\n";
  file << sample.time_s << ',' << sample.rank.value << ',' << sample.device << ',' << sample.allocated_bytes
       << ',' << sample.reserved_bytes << ',' << sample.used_bytes << '\n';
}

void write_debug_info(const WorkDir& work_dir, const std::string& job, const nlohmann::json& info) {
  const std::filesystem::path path = work_dir.debug_info(job);
  std::error_code none;
  std::filesystem::create_directories(path.parent_path(), none);
  std::ofstream(path) << text_of(info, 2) << '\n';
}

}  // namespace longtake
