#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "jobs/interval.h"

namespace longtake {

/// c000000-000020.mp4, and what lies beside it.
std::string segment_file_name(Interval clips);
std::string carry_file_name(Interval clips);
/// The clips of c000000-000020.mp4; nullopt for another name.
std::optional<Interval> clips_of_segment_file(const std::string& name);
bool is_unfinished_file(const std::string& name);

/// Makes every path of a work directory; nobody else joins path strings, but for an engine that cuts a
/// segment. Touches no file.
class WorkDir {
 public:
  explicit WorkDir(std::filesystem::path root) : root_(std::move(root)) {}

  const std::filesystem::path& root() const { return root_; }
  std::filesystem::path database() const { return root_ / "longtake.db"; }
  std::filesystem::path scheduler_file() const { return root_ / "scheduler.json"; }

  std::filesystem::path job(const std::string& name) const { return root_ / "jobs" / name; }
  std::filesystem::path segments(const std::string& name) const { return job(name) / "segments"; }
  /// jobs/<name>/segments/c000000-000020.mp4
  std::filesystem::path segment(const std::string& name, Interval clips) const;
  std::filesystem::path carry(const std::string& name, Interval clips) const;
  /// What an engine leaves of a segment that it had to stop making.
  std::filesystem::path unfinished(const std::string& name, Interval clips) const;
  /// What preparing a job leaves behind; see docs/formats.md.
  std::filesystem::path prepared(const std::string& name) const { return job(name) / "prepared.json"; }
  std::filesystem::path reference_image(const std::string& name) const { return job(name) / "reference.png"; }
  std::filesystem::path speech(const std::string& name) const { return job(name) / "speech.f32"; }
  std::filesystem::path sound(const std::string& name) const { return job(name) / "sound.mka"; }
  std::filesystem::path film(const std::string& name) const { return job(name) / "output.mp4"; }
  std::filesystem::path report(const std::string& name) const { return job(name) / "report.json"; }
  std::filesystem::path inference_log(const std::string& name) const {
    return job(name) / "logs/inference.log";
  }
  std::filesystem::path memory_log(const std::string& name) const {
    return job(name) / "logs/gpu_memory.csv";
  }
  std::filesystem::path debug_info(const std::string& name) const {
    return job(name) / "outputs/debug_info.json";
  }

 private:
  std::filesystem::path root_;
};

}  // namespace longtake
