#include "tests/system/support/avatar.h"

#include "tests/system/support/files.h"

namespace longtake {
namespace {

struct Checkpoint {
  Checkpoint() { output_of({LONGTAKE_SMALL_CHECKPOINT_PROGRAM, folder.string()}); }
  ~Checkpoint() {
    std::error_code none;
    std::filesystem::remove_all(folder, none);
  }
  std::filesystem::path folder = make_temporary_folder();
};

}  // namespace

const std::filesystem::path& small_checkpoint() {
  static const Checkpoint checkpoint;
  return checkpoint.folder;
}

void add_avatar_job(Project& project, const std::string& name, const std::string& more) {
  const Recording recording = Recording().speech(kAvatarFrames / 25.0);
  write_file(project.file(name + ".wav"), recording.wav());
  std::string lines = "prompt: A person speaks.\nimage: face.png\naudio: " + name + ".wav\n";
  lines += "size: 64*64\nsample_steps: 2\ninfer_frames: 12\n";
  if (more.find("model:") == std::string::npos) lines += "model: " + small_checkpoint().string() + "\n";
  project.add_job_file(name, lines + more);
}

std::map<std::string, std::string> carries_of(const Project& project, const std::string& job) {
  std::map<std::string, std::string> carries;
  for (const std::string& name : names_in(project.segments(job), ".carry.safetensors")) {
    carries[name] = read_file(project.segments(job) / name);
  }
  return carries;
}

}  // namespace longtake
