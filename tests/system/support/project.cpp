#include "tests/system/support/project.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <exception>
#include <sstream>

#include "tests/system/support/files.h"

namespace longtake {

namespace fs = std::filesystem;

Project::Project() : folder_(make_temporary_folder()), program_(longtake_program()) {
  // Made once and copied: the same picture for everyone.
  static const std::string portrait =
      output_of({"ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=128x128", "-frames:v", "1",
                 "-f", "image2pipe", "-c:v", "png", "-"});
  write_file(file("face.png"), portrait);
}

Project::~Project() {
  // A test that ends by an exception is not yet marked as failed here.
  if (::testing::Test::HasFailure() || std::uncaught_exceptions() > 0) {
    std::fprintf(stderr, "kept for a look: %s\n", folder_.c_str());
    return;
  }
  std::error_code none;
  fs::remove_all(folder_, none);
}

void Project::add_job(const std::string& name, const Recording& recording, const std::string& more) {
  write_file(file(name + ".wav"), recording.wav());
  add_job_file(name, "prompt: A person speaks.\nimage: face.png\naudio: " + name +
                         ".wav\nengine: slate\nsize: 128*128\n" + more);
}

void Project::add_job_file(const std::string& name, const std::string& lines) {
  write_file(file(name + ".yaml"), lines);
}

void Project::set_faults(const std::string& script) {
  write_file(file("faults"), script);
  if (program_ == file("bin") / "longtake") return;
  const fs::path programs = fs::path(longtake_program()).parent_path();
  fs::create_directories(file("bin"));
  for (const char* name : {"longtake", "longtake-maker"}) fs::copy_file(programs / name, file("bin") / name);
  fs::copy_file(LONGTAKE_FAULTY_ENGINE, file("bin") / "longtake-slate");
  program_ = file("bin") / "longtake";
  set_variable("LONGTAKE_FAULTS", "@" + file("faults").string());
  set_variable("LONGTAKE_FAULTS_DIARY", file("diary").string());
}

std::vector<std::string> Project::faults_committed() const {
  std::vector<std::string> faults;
  std::istringstream diary(read_file(file("diary")));
  for (std::string line; std::getline(diary, line);) {
    if (line.rfind("start ", 0) != 0) faults.push_back(line);
  }
  return faults;
}

std::vector<std::string> Project::run_arguments(const std::vector<std::string>& jobs,
                                                const std::vector<std::string>& options) const {
  std::vector<std::string> arguments = {"run"};
  for (const std::string& job : jobs) arguments.push_back(job + ".yaml");
  arguments.insert(arguments.end(), {"--work-dir", "work"});
  arguments.insert(arguments.end(), options.begin(), options.end());
  return arguments;
}

Process Project::start_run(const std::vector<std::string>& jobs,
                           const std::vector<std::string>& options) const {
  return start_longtake(run_arguments(jobs, options));
}

Ended Project::run(const std::vector<std::string>& jobs, const std::vector<std::string>& options) const {
  return start_run(jobs, options).wait();
}

Ended Project::longtake(const std::vector<std::string>& arguments) const {
  return start_longtake(arguments).wait();
}

Process Project::start_longtake(const std::vector<std::string>& arguments) const {
  std::vector<std::string> command = {program_};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return Process({command, environment_, folder_});
}

std::string longtake_program() { return LONGTAKE_PROGRAM; }

}  // namespace longtake
