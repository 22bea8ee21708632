#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "jobs/clip_math.h"
#include "jobs/cut_points.h"
#include "jobs/device_kind.h"
#include "jobs/interval.h"
#include "jobs/job_spec.h"
#include "jobs/problem.h"
#include "scheduler/identity.h"
#include "storage/media/image.h"
#include "storage/media/speech.h"
#include "storage/work_dir.h"

namespace longtake {

/// A job whose inputs have been read.
struct PreparedJob {
  JobSpec spec;
  FrameSize size;           ///< of the film
  Interval speech_samples;  ///< the trimmed recording inside the speech file
  std::int64_t film_frames = 0;
  std::int64_t clips = 0;
  Identity identity;
  std::vector<std::string> warnings;  ///< about the recording, and about the size for this model
  std::string sound_facts;            ///< "mp3, 44100 Hz, 2 channels, 12.3 s (1.5 s of silence cut)"
};

/// Told what is being read: "speech.mp3", seconds so far.
using PrepareProgress = std::function<void(const std::string& what, double seconds)>;

/// What `plan` and `check` need, without writing a file.
struct InspectedJob {
  PreparedJob job;
  ImageInfo image;
  SpeechFacts speech;
};

/// nullopt after adding to `problems`: unreadable, truncated or impossible inputs.
std::optional<InspectedJob> inspect_job(const JobSpec& spec, std::vector<Problem>& problems,
                                        const PrepareProgress& progress);

/// Reads the inputs of all jobs into the work directory (the framed image, the decoded speech, and
/// prepared.json that says what they were made from). A job that was prepared from the same files is not
/// read again. `device` is what the run's engines compute on. A job whose identity differs from what the work
/// directory holds is a problem that names both. When anything was added to `problems`, nothing new is left
/// in the work directory. Throws Error{Io}, Error{DiskFull} when the disk fails, Error{InvalidInput} when it
/// cannot be written.
std::vector<PreparedJob> prepare_jobs(const std::vector<JobSpec>& specs, const WorkDir& work_dir,
                                      DeviceKind device, std::vector<Problem>& problems,
                                      const PrepareProgress& progress);

/// How loud the trimmed recording is, read from the job's speech file.
LoudnessCurve read_loudness(const WorkDir& work_dir, const PreparedJob& job);

/// The loudness of the kept part of `facts`.
LoudnessCurve loudness_of(const SpeechFacts& facts);

}  // namespace longtake
