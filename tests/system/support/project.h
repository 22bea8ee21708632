#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "tests/system/support/process.h"
#include "tests/system/support/recording.h"

namespace longtake {

/// A producer's folder: a portrait of 128x128, recordings, job files, and the work directory of the runs.
/// It is removed at the end, unless the test has failed: then it is kept and named.
class Project {
 public:
  Project();
  ~Project();
  Project(const Project&) = delete;
  Project& operator=(const Project&) = delete;

  const std::filesystem::path& folder() const { return folder_; }
  std::filesystem::path file(const std::string& name) const { return folder_ / name; }
  std::filesystem::path work_dir() const { return folder_ / "work"; }
  std::filesystem::path database() const { return work_dir() / "longtake.db"; }
  std::filesystem::path job(const std::string& name) const { return work_dir() / "jobs" / name; }
  std::filesystem::path segments(const std::string& name) const { return job(name) / "segments"; }
  std::filesystem::path film(const std::string& name) const { return job(name) / "output.mp4"; }

  /// NAME.wav and NAME.yaml: a slate of 128*128 with `more` lines of YAML.
  void add_job(const std::string& name, const Recording& recording, const std::string& more = "");
  /// NAME.yaml with exactly these lines.
  void add_job_file(const std::string& name, const std::string& lines);

  /// In the environment of what is started from now on.
  void set_variable(const std::string& name, const std::string& value) { environment_[name] = value; }

  /// From now on `longtake` is an installation of its own whose slate engine has these faults
  /// (tests/faults/fault_rules.h). Engines that run already keep theirs.
  void set_faults(const std::string& script);
  /// The faults that its engines owned up to, a line each; none of their starts.
  std::vector<std::string> faults_committed() const;

  /// `longtake run NAME.yaml... --work-dir work`, with `options` behind it.
  Process start_run(const std::vector<std::string>& jobs, const std::vector<std::string>& options = {}) const;
  Ended run(const std::vector<std::string>& jobs, const std::vector<std::string>& options = {}) const;
  /// Any `longtake` command, in this folder.
  Ended longtake(const std::vector<std::string>& arguments) const;
  Process start_longtake(const std::vector<std::string>& arguments) const;

 private:
  std::vector<std::string> run_arguments(const std::vector<std::string>& jobs,
                                         const std::vector<std::string>& options) const;

  std::filesystem::path folder_;
  std::filesystem::path program_;
  std::map<std::string, std::string> environment_;
};

/// The programs under test.
std::string longtake_program();

}  // namespace longtake
