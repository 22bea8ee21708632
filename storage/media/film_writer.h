#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "storage/media/av_handles.h"
#include "storage/media/file_io.h"
#include "storage/media/film_join.h"
#include "storage/media/track_input.h"

struct AVRational;

namespace longtake {

/// The film being written: video packets by frame index, each second preceded by its sound. Belongs to
/// one thread. Throws Error{Io} or Error{DiskFull}. Internal to storage/media.
class FilmWriter {
 public:
  /// `video`: of every segment.
  FilmWriter(const JoinOrder& order, const std::filesystem::path& file, const AVCodecParameters& video);

  /// `index`: of the film, from 0 on without a gap. Changes the packet's times.
  void add_frame(std::int64_t index, AVPacket& packet);

  /// Writes the rest of the sound and the index.
  void finish();

 private:
  void write_header();
  void copy_sound_until(std::int64_t frame);
  void write(AVPacket& packet, int track, AVRational time_base);

  std::string doing_;
  std::int64_t film_frames_;
  TrackInput sound_;
  FileIo io_;
  OutputHandle film_;
  int sound_rate_ = 0;
  std::int64_t sound_packets_ = 0;
  std::int64_t sound_written_ = 0;
};

}  // namespace longtake
