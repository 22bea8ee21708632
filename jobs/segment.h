#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "jobs/clip_math.h"
#include "jobs/ids.h"
#include "jobs/interval.h"
#include "jobs/kv_cache_dtype.h"
#include "jobs/layout.h"
#include "jobs/precision.h"

namespace longtake {

/// What the pixels of a job depend on besides its inputs, in the engine's words.
struct GenerationSettings {
  std::string prompt;
  int sample_steps = 4;
  double sample_guide_scale = 0;
  bool fold_last_step = false;
  std::int64_t base_seed = 420;
  int infer_frames = 48;  ///< frames of one clip
  std::string model;      ///< checkpoint directory; empty for engines without a model
  std::string lora;       ///< file; empty for none
  Precision precision = Precision::Auto;
  KvCacheDtype kv_cache_dtype = KvCacheDtype::Auto;
};

/// Which part of an attempt one engine of a group does. Every engine of the group gets the same order but
/// for `stage`.
struct GroupShare {
  Layout layout;        ///< without stages for an engine that needs none; the last stage writes the segment
  int stage = 0;        ///< which of the layout's stages this engine is
  std::string meeting;  ///< folder where the group's engines find each other: new for every attempt, not
                        ///< there yet, short (sockets go into it); empty for a group of one
};

/// One try at one segment, complete: an engine needs nothing else. Paths are absolute.
/// Intervals are in clips of the job, frames of the film, samples of the speech file.
struct SegmentOrder {
  AttemptId attempt;
  std::string job;
  std::string identity;  ///< of the job (hex); stamped into the segment file
  GenerationSettings settings;
  FrameSize size;
  Interval range;   ///< clips of the chain this segment belongs to
  Interval clips;   ///< clips to make
  Interval frames;  ///< the film's frames of `clips`
  /// Every so many clips from the range's begin the window of attention is filled anew: one number for
  /// the whole job (docs/decisions/0017-windows-are-renewed.md).
  std::int64_t renewal_clips = 1;
  GroupShare share;
  std::int64_t film_frames = 0;
  std::string reference_image;  ///< already framed: exactly `size` pixels, PNG
  std::string speech;           ///< raw float32 little-endian samples, 16 kHz mono
  Interval speech_samples;      ///< the trimmed recording inside `speech`; the film starts at its begin
  std::string segment;          ///< final name of the video to write
  std::string carry_in;         ///< carry of the segment before; empty at the start of a range
  std::string carry_out;        ///< final name of the carry to write
  /// Final name for the work of an attempt that ends early (FinishSegment): a file in the engine's own
  /// format, which it goes on from when it is there, and removes when the segment is made.
  std::string unfinished{};
};

/// Names the partial files of an attempt: "attempt-12".
inline std::string writer_of(AttemptId attempt) { return "attempt-" + std::to_string(attempt.value); }

/// What is known about a complete segment file: enough to tell on resume and after the join
/// whether a file, or the film made of it, still holds what the engine wrote.
struct SegmentFacts {
  std::int64_t bytes = 0;
  std::int64_t frames = 0;
  std::uint32_t packets_crc = 0;  ///< CRC-32 (IEEE) over the payload of all video packets in order
  std::uint32_t first_frame_crc =
      0;  ///< CRC-32 over the decoded first frame (yuv420p, planes without padding)
  std::uint32_t last_frame_crc = 0;  ///< same for the last frame
  friend bool operator==(const SegmentFacts& a, const SegmentFacts& b) {
    return a.bytes == b.bytes && a.frames == b.frames && a.packets_crc == b.packets_crc &&
           a.first_frame_crc == b.first_frame_crc && a.last_frame_crc == b.last_frame_crc;
  }
};

/// When an engine had most memory, and what for. Empty where nobody knows.
struct MemoryPeak {
  std::string moment;     ///< one of EngineWork::seconds: "step 2"
  std::string component;  ///< what grew then, as the planner names it: "activations"
  /// What the engine kept allocated until then, by component; without what lived for a moment.
  std::map<std::string, std::int64_t> held_bytes;
};

/// Where an engine's time and memory went in one attempt, for the job's log.
struct EngineWork {
  std::string device;     ///< "cpu", "NVIDIA H100 80GB HBM3"
  std::string precision;  ///< "fp32", "bf16", "fp8", "int8"; empty for an engine without a model
  std::map<std::string, double> seconds;  ///< by what was done: "load", "text", "step 1", "decode", "wait"
  std::int64_t allocated_bytes = 0;       ///< peak of tensors on the device; 0 where nobody counts them
  std::int64_t reserved_bytes = 0;        ///< peak that LibTorch took from the device for them
  std::int64_t used_bytes = 0;            ///< peak of the process on its device
  MemoryPeak peak{};
};

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(GroupShare, layout, stage, meeting)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(MemoryPeak, moment, component, held_bytes)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(EngineWork, device, precision, seconds, allocated_bytes, reserved_bytes,
                                   used_bytes, peak)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(FrameSize, height, width)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(GenerationSettings, prompt, sample_steps, sample_guide_scale,
                                   fold_last_step, base_seed, infer_frames, model, lora, precision,
                                   kv_cache_dtype)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(SegmentOrder, attempt, job, identity, settings, size, range, clips, frames,
                                   renewal_clips, share, film_frames, reference_image, speech, speech_samples,
                                   segment, carry_in, carry_out, unfinished)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(SegmentFacts, bytes, frames, packets_crc, first_frame_crc, last_frame_crc)

}  // namespace longtake
