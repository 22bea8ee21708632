#include "storage/media/film_writer.h"

#include <algorithm>
#include <new>

#include "storage/media/sound_track.h"

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
}

namespace longtake {
namespace {

constexpr AVRational kFrameTime = {1, kFramesPerSecond};

/// Room for the film's index in front of the media data, so that it need not be moved there afterwards:
/// 4 bytes of size per packet, 4 per key frame, 20 per chunk (two chunks a second), and the fixed boxes.
std::int64_t index_bytes(std::int64_t frames, std::int64_t packets_of_sound) {
  constexpr std::int64_t kFixed = 1 << 14;
  constexpr std::int64_t kPerSecond = 256;
  return kFixed + 4 * (frames + packets_of_sound) + kPerSecond * (frames / kFramesPerSecond + 1);
}

AVStream* add_track(AVFormatContext& film, const AVCodecParameters& parameters, AVRational time_base) {
  AVStream* track = avformat_new_stream(&film, nullptr);
  if (track == nullptr) throw std::bad_alloc();
  check(avcodec_parameters_copy(track->codecpar, &parameters), "cannot describe a track of the film");
  track->codecpar->codec_tag = 0;  // the MP4 writer chooses its own
  track->time_base = time_base;
  return track;
}

}  // namespace

FilmWriter::FilmWriter(const JoinOrder& order, const std::filesystem::path& file,
                       const AVCodecParameters& video)
    : doing_("cannot write " + file.string()),
      film_frames_(order.film_frames),
      sound_(order.sound, TrackInput::Kind::Sound),
      io_(file, FileIo::Mode::Create) {
  AVFormatContext* made = nullptr;
  check(avformat_alloc_output_context2(&made, nullptr, "mp4", nullptr), doing_);
  film_.reset(made);
  film_->pb = io_.context();
  film_->flags |= AVFMT_FLAG_BITEXACT;
  const AVCodecParameters& sound = sound_.parameters();
  sound_rate_ = sound.sample_rate;
  sound_packets_ = sound_packets(film_frames_, sound_rate_);
  AVStream* picture = add_track(*film_, video, kFrameTime);
  picture->avg_frame_rate = {kFramesPerSecond, 1};
  add_track(*film_, sound, {1, sound_rate_});
  check(av_dict_set(&film_->metadata, "title", order.title.c_str(), 0), doing_);
  write_header();
}

void FilmWriter::add_frame(std::int64_t index, AVPacket& packet) {
  if (index % kFramesPerSecond == 0) copy_sound_until(index + kFramesPerSecond);
  packet.pts = packet.dts = index;
  packet.duration = 1;
  packet.pos = -1;
  write(packet, 0, kFrameTime);
}

void FilmWriter::finish() {
  copy_sound_until(film_frames_ + kFramesPerSecond);
  if (sound_.next_packet() != nullptr || sound_written_ != sound_packets_) {
    throw Error(ErrorKind::Io, doing_ + ": its sound should have " + std::to_string(sound_packets_) +
                                   " packets, encode it again");
  }
  check(av_write_trailer(film_.get()), doing_);
  io_.close();
}

void FilmWriter::write_header() {
  AVDictionary* options = nullptr;
  const std::int64_t room = index_bytes(film_frames_, sound_packets_);
  check(av_dict_set_int(&options, "moov_size", room, 0), doing_);
  const int code = avformat_write_header(film_.get(), &options);
  av_dict_free(&options);
  check(code, doing_);
}

/// Sound in blocks of a second keeps the film's chunks, and so its index, few and large.
void FilmWriter::copy_sound_until(std::int64_t frame) {
  const std::int64_t end = frame * sound_rate_ / kFramesPerSecond;
  const std::int64_t film_end = film_frames_ * sound_rate_ / kFramesPerSecond;
  while (sound_written_ < sound_packets_) {
    const std::int64_t begin = sound_written_ * kAacPacketSamples - kAacPrimingSamples;
    if (begin >= end) return;
    AVPacket* packet = sound_.next_packet();
    if (packet == nullptr) return;  // finish() says what is wrong
    packet->pts = packet->dts = begin;
    // The last packet is padded with silence; the track ends with the picture.
    packet->duration = std::min(kAacPacketSamples, film_end - begin);
    packet->pos = -1;
    av_packet_free_side_data(packet);
    write(*packet, 1, {1, sound_rate_});
    ++sound_written_;
  }
}

void FilmWriter::write(AVPacket& packet, int track, AVRational time_base) {
  packet.stream_index = track;
  av_packet_rescale_ts(&packet, time_base, film_->streams[track]->time_base);
  check(av_write_frame(film_.get(), &packet), doing_);
}

}  // namespace longtake
