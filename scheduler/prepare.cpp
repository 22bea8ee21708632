#include "scheduler/prepare.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <numeric>

#include "jobs/error.h"
#include "jobs/model/memory_model.h"
#include "scheduler/checkpoint_content.h"
#include "scheduler/prepared_file.h"
#include "scheduler/preparing_desk.h"
#include "scheduler/trained_size.h"
#include "storage/durable_file.h"

namespace longtake {
namespace {

namespace fs = std::filesystem;

constexpr const char* kImageRemedy = "give a PNG, JPEG or WebP image";
constexpr const char* kModelRemedy = "give the folder of a complete checkpoint";
constexpr const char* kLoraRemedy = "give a .safetensors file";
constexpr const char* kAudioRemedy = "give a complete recording that FFmpeg can decode";

/// Runs `action`; bad input becomes a problem of the job's `key`. `remedy` is for faults that do not name
/// their own.
template <class Action>
bool found_no_problem(const JobSpec& spec, const char* key, const char* remedy,
                      std::vector<Problem>& problems, Action action) {
  try {
    action();
    return true;
  } catch (const Error& e) {
    if (e.kind() != ErrorKind::InvalidInput) throw;
    const bool has_remedy = std::string(e.what()).find("; ") != std::string::npos;
    problems.push_back(problem_of(spec, key, e.what(), has_remedy ? "" : remedy));
    return false;
  }
}

bool is_utf8(const std::string& text) {
  try {
    return !nlohmann::json(text).dump().empty();
  } catch (const nlohmann::json::exception&) {
    return false;
  }
}

/// Paths go to ranks and engines as JSON, which would change them.
void require_utf8(const fs::path& path) {
  if (is_utf8(path.string())) return;
  throw Error(ErrorKind::InvalidInput, path.string() + " is not UTF-8; give it another name");
}

/// That a film cannot be put where it is wanted must not be found out after a night.
void check_output(const JobSpec& spec, std::vector<Problem>& problems) {
  if (spec.output.empty()) return;
  const fs::path folder = spec.output.parent_path();
  std::error_code none;
  if (fs::is_directory(folder, none) && ::access(folder.c_str(), W_OK) == 0) return;
  problems.push_back(problem_of(spec, "output", "cannot write " + spec.output.string(),
                                "name a file in a folder that is there and that you may write"));
}

std::optional<FrameSize> film_size(const JobSpec& spec, FrameSize image, std::vector<Problem>& problems) {
  const auto size = output_size(image, spec.settings.size.area);
  if (!size) {
    problems.push_back(problem_of(spec, "image",
                                  "is " + std::to_string(image.width) + "x" + std::to_string(image.height) +
                                      " pixels, too long and thin for size " + spec.settings.size.text,
                                  "crop the image or choose a larger size"));
  }
  return size;
}

std::string describe_sound(const SpeechFacts& facts) {
  const double seconds = static_cast<double>(facts.samples) / kSpeechSampleRate;
  const double kept = static_cast<double>(facts.kept.length()) / kSpeechSampleRate;
  char text[200];
  std::snprintf(text, sizeof text, "%s, %d Hz, %d channel%s, %.2f s", facts.source.codec.c_str(),
                facts.source.sample_rate, facts.source.channels, facts.source.channels == 1 ? "" : "s",
                seconds);
  std::string described = text;
  if (facts.kept.length() == facts.samples) return described;
  std::snprintf(text, sizeof text, " (%.2f s of silence cut, %.2f s kept)", seconds - kept, kept);
  return described + text;
}

void set_length(PreparedJob& job) {
  const JobSettings& settings = job.spec.settings;
  const std::int64_t frames = frames_of_samples(job.speech_samples.length());
  job.clips = clips_of_frames(frames, settings.infer_frames, settings.num_clip);
  job.film_frames = std::min(frames, job.clips * settings.infer_frames);
}

void add_size_advice(PreparedJob& job) {
  if (const auto advice = advice_on_size(job.spec)) job.warnings.push_back(*advice);
}

PreparedJob job_from(const JobSpec& spec, const PreparedFile& file, FrameSize size) {
  PreparedJob job;
  job.spec = spec;
  job.size = size;
  job.speech_samples = file.speech_samples;
  job.identity = {file.identity, file.identity_of};
  job.warnings = file.warnings;
  add_size_advice(job);
  job.sound_facts = file.sound_facts;
  set_length(job);
  return job;
}

bool is_complete(const WorkDir& work_dir, const std::string& name, const PreparedFile& file) {
  std::error_code none;
  const auto speech_bytes = fs::file_size(work_dir.speech(name), none);
  return !none && speech_bytes >= static_cast<std::uintmax_t>(file.speech_samples.end) * sizeof(float) &&
         fs::exists(work_dir.reference_image(name), none);
}

/// One job on its way into the work directory.
class Preparation {
 public:
  Preparation(const JobSpec& spec, const WorkDir& work_dir, DeviceKind device)
      : spec_(spec), work_dir_(work_dir), device_(device) {}

  /// Everything that can be told without writing.
  bool check(std::vector<Problem>& problems) {
    known_ = read_prepared_file(work_dir_.prepared(spec_.name));
    file_.image = stamp_of(spec_.image, known_ ? std::optional(known_->image) : std::nullopt);
    file_.audio = stamp_of(spec_.audio, known_ ? std::optional(known_->audio) : std::nullopt);
    const bool is_same_image = known_ && known_->image.hash == file_.image.hash;
    const bool has_image = found_no_problem(spec_, "image", kImageRemedy, problems, [&] {
      file_.image_size = is_same_image ? known_->image_size : probe_image(spec_.image).size;
    });
    if (!has_image) return false;
    const auto size = film_size(spec_, file_.image_size, problems);
    if (!size) return false;
    size_ = *size;
    InputContents contents;
    contents.image = file_.image.hash;
    contents.audio = file_.audio.hash;
    if (!read_model(contents, problems)) return false;
    const Identity identity = identity_of(spec_, size_, contents);
    file_.identity = identity.hash;
    file_.identity_of = identity.of;
    return is_same_job(problems);
  }

  bool is_done() const {
    return known_ && known_->identity == file_.identity && is_complete(work_dir_, spec_.name, *known_);
  }

  PreparedJob result() const { return job_from(spec_, is_done() ? *known_ : file_, size_); }

  /// Into `desk`, where nobody looks.
  bool write(const WorkDir& desk, std::vector<Problem>& problems, const PrepareProgress& progress) {
    fs::create_directories(desk.job(spec_.name));
    const auto show = [&](double seconds) { progress(spec_.audio.filename().string(), seconds); };
    const bool has_image = found_no_problem(spec_, "image", kImageRemedy, problems, [&] {
      write_png(desk.reference_image(spec_.name), load_framed_image(spec_.image, size_));
    });
    const bool has_sound = found_no_problem(spec_, "audio", kAudioRemedy, problems, [&] {
      const SpeechFacts facts =
          write_speech(spec_.audio, desk.speech(spec_.name), spec_.settings.trim_silence, show);
      file_.speech_samples = facts.kept;
      file_.warnings = facts.warnings;
      file_.sound_facts = describe_sound(facts);
    });
    if (!has_image || !has_sound) return false;
    write_prepared_file(desk.prepared(spec_.name), file_);
    return true;
  }

  /// From `desk` to where engines read. The file that says that the others are there comes last.
  void put_into_place(const WorkDir& desk, std::vector<Problem>& problems) {
    const std::string& name = spec_.name;
    known_ = read_prepared_file(work_dir_.prepared(name));  // another start may have been faster
    if (is_done() || !is_same_job(problems)) return;
    fs::create_directories(work_dir_.segments(name));
    fs::rename(desk.reference_image(name), work_dir_.reference_image(name));
    fs::rename(desk.speech(name), work_dir_.speech(name));
    fs::rename(desk.prepared(name), work_dir_.prepared(name));
    sync_to_disk(work_dir_.job(name));
  }

  const JobSpec& spec() const { return spec_; }
  FrameSize size() const { return size_; }

 private:
  bool read_model(InputContents& contents, std::vector<Problem>& problems) const {
    if (spec_.engine != EngineKind::LiveAvatar) return true;
    contents.precision = name_of(weight_type_of(spec_.settings.precision, device_));
    const bool has_model = found_no_problem(spec_, "model", kModelRemedy, problems, [&] {
      require_utf8(spec_.model);
      contents.model = content_of_checkpoint(spec_.model);
    });
    const bool has_lora = found_no_problem(spec_, "lora", kLoraRemedy, problems, [&] {
      require_utf8(spec_.lora);
      if (!spec_.lora.empty()) contents.lora = content_of_lora(spec_.lora);
    });
    return has_model && has_lora;
  }

  bool is_same_job(std::vector<Problem>& problems) const {
    if (!known_ || known_->identity == file_.identity) return true;
    const std::string folder = work_dir_.job(spec_.name).string();
    problems.push_back(problem_of(spec_, "name",
                                  folder + " holds another job of this name (identity " +
                                      known_->identity.substr(0, 12) + ", this one is " +
                                      file_.identity.substr(0, 12) +
                                      "): " + describe_difference(known_->identity_of, file_.identity_of),
                                  "use another --work-dir or another name, or change it back"));
    return false;
  }

  JobSpec spec_;
  WorkDir work_dir_;
  DeviceKind device_;
  FrameSize size_;
  std::optional<PreparedFile> known_;
  PreparedFile file_;
};

/// Its paths go to ranks and engines too.
void require_utf8(const WorkDir& work_dir) {
  if (is_utf8(work_dir.root().string())) return;
  throw Error(ErrorKind::InvalidInput, "cannot use the work directory " + work_dir.root().string() +
                                           ": its path is not UTF-8; give another one with --work-dir");
}

void create_root(const WorkDir& work_dir, NewFolders& folders) {
  std::error_code error;
  folders.make(work_dir.root() / "jobs", error);
  if (!error && ::access(work_dir.root().c_str(), W_OK) != 0) error.assign(errno, std::generic_category());
  if (error) {
    throw Error(ErrorKind::InvalidInput, "cannot write the work directory " + work_dir.root().string() +
                                             " (" + error.message() +
                                             "): give a folder you may write with --work-dir");
  }
}

/// Nothing is where engines look for it before all of it is judged good.
void write_at_desk(std::vector<Preparation>& preparations, const WorkDir& work_dir,
                   std::vector<Problem>& problems, const PrepareProgress& progress) {
  remove_abandoned_desks(work_dir);
  const PreparingDesk desk(work_dir);
  for (Preparation& job : preparations) {
    if (!job.is_done()) job.write(desk.folder(), problems, progress);
  }
  if (!problems.empty()) return;
  for (Preparation& job : preparations) {
    if (!job.is_done()) job.put_into_place(desk.folder(), problems);
  }
}

void write_all(std::vector<Preparation>& preparations, const WorkDir& work_dir,
               std::vector<Problem>& problems, const PrepareProgress& progress) {
  const auto is_done = [](const Preparation& job) { return job.is_done(); };
  NewFolders added;
  try {
    create_root(work_dir, added);
    if (!std::all_of(preparations.begin(), preparations.end(), is_done)) {
      write_at_desk(preparations, work_dir, problems, progress);
    }
  } catch (const fs::filesystem_error& e) {
    added.remove_empty();
    throw Error(ErrorKind::InvalidInput,
                "cannot write the work directory " + work_dir.root().string() + ": " + e.code().message());
  } catch (const Error&) {
    added.remove_empty();
    throw;
  }
  if (!problems.empty()) added.remove_empty();
}

}  // namespace

std::vector<PreparedJob> prepare_jobs(const std::vector<JobSpec>& specs, const WorkDir& work_dir,
                                      DeviceKind device, std::vector<Problem>& problems,
                                      const PrepareProgress& progress) {
  require_utf8(work_dir);
  std::vector<Preparation> preparations;
  for (const JobSpec& spec : specs) {
    check_output(spec, problems);
    Preparation job(spec, work_dir, device);
    if (job.check(problems)) preparations.push_back(std::move(job));
  }
  if (!problems.empty()) {
    // Nothing will be written, but the other recordings are judged now too: all problems in one go.
    for (const Preparation& job : preparations) {
      found_no_problem(job.spec(), "image", kImageRemedy, problems,
                       [&] { load_framed_image(job.spec().image, job.size()); });
      found_no_problem(job.spec(), "audio", kAudioRemedy, problems,
                       [&] { scan_speech(job.spec().audio, job.spec().settings.trim_silence); });
    }
    return {};
  }
  write_all(preparations, work_dir, problems, progress);
  std::vector<PreparedJob> jobs;
  if (!problems.empty()) return jobs;
  for (const Preparation& job : preparations) jobs.push_back(job.result());
  return jobs;
}

std::optional<InspectedJob> inspect_job(const JobSpec& spec, std::vector<Problem>& problems,
                                        const PrepareProgress& progress) {
  check_output(spec, problems);
  InspectedJob inspected;
  const auto show = [&](double seconds) { progress(spec.audio.filename().string(), seconds); };
  const bool has_image = found_no_problem(spec, "image", kImageRemedy, problems,
                                          [&] { inspected.image = probe_image(spec.image); });
  const bool has_sound = found_no_problem(spec, "audio", kAudioRemedy, problems, [&] {
    inspected.speech = scan_speech(spec.audio, spec.settings.trim_silence, show);
  });
  const auto size = has_image ? film_size(spec, inspected.image.size, problems) : std::nullopt;
  if (!has_sound || !size) return std::nullopt;
  PreparedJob& job = inspected.job;
  job.spec = spec;
  job.size = *size;
  job.speech_samples = inspected.speech.kept;
  job.warnings = inspected.speech.warnings;
  add_size_advice(job);
  job.sound_facts = describe_sound(inspected.speech);
  set_length(job);
  return inspected;
}

LoudnessCurve loudness_of(const SpeechFacts& facts) {
  const auto first = static_cast<std::size_t>(facts.kept.begin / kLoudnessWindowSamples);
  return {{facts.loudness.begin() + static_cast<std::ptrdiff_t>(std::min(first, facts.loudness.size())),
           facts.loudness.end()}};
}

LoudnessCurve read_loudness(const WorkDir& work_dir, const PreparedJob& job) {
  constexpr std::int64_t kBlock = kSpeechSampleRate;  // a second, so that ten hours take 36,000 reads
  const SpeechFile speech(work_dir.speech(job.spec.name), job.speech_samples);
  LoudnessCurve curve;
  std::vector<float> block(static_cast<std::size_t>(kBlock));
  for (std::int64_t begin = 0; begin < speech.samples(); begin += kBlock) {
    speech.read({begin, begin + kBlock}, block.data());
    for (auto window = block.begin(); window != block.end(); window += kLoudnessWindowSamples) {
      const float sum = std::inner_product(window, window + kLoudnessWindowSamples, window, 0.0F);
      curve.mean_square.push_back(sum / static_cast<float>(kLoudnessWindowSamples));
    }
  }
  return curve;
}

}  // namespace longtake
