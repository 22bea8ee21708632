#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "jobs/clip_math.h"
#include "jobs/segment.h"

namespace longtake {

struct VideoFormat {
  FrameSize size;  ///< both even
  int fps = kFramesPerSecond;
  std::string tag;  ///< stored as the file's comment: whose segment this is
  /// Part of the partial file's name: a rank that was given up may still be writing the same segment.
  std::string writer{};
  /// How many there will be, if that is known: a key frame shortly before the end lets the join check the
  /// last frame without decoding much.
  std::int64_t frames = 0;
};

/// One segment file being written: raw RGB frames in, H.264 out, one frame at a time; nothing is collected.
/// Equal frames and formats give equal bytes on every machine. Belongs to one thread. Throws Error{Io}
/// or Error{DiskFull} when the encoder or the disk fails. Without commit() the partial file is removed.
class SegmentWriter {
 public:
  /// `path` is the final name. Until commit() the frames live in part_path(path, format.writer).
  SegmentWriter(std::filesystem::path path, const VideoFormat& format);
  ~SegmentWriter();
  SegmentWriter(SegmentWriter&&) noexcept;
  SegmentWriter& operator=(SegmentWriter&&) noexcept;

  /// `rgb`: height x width x 3 bytes, full range, rows from the top; used before returning.
  void add(const std::uint8_t* rgb);

  std::int64_t frames() const;

  /// Another final name, in the same folder: the segment became another one than was meant.
  void rename(std::filesystem::path path);

  /// Flush, close, read the file back (frame count, packets, first packet a key frame, codec parameters,
  /// first and last frame decode), fsync, rename, fsync the folder. The segment is complete and durable
  /// when this returns; nothing may be added after. Throws Error{Bug} when another number of frames than
  /// `expected_frames` was added.
  SegmentFacts commit(std::int64_t expected_frames);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace longtake
