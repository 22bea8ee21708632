#include "storage/media/segment_writer.h"

#include <new>
#include <utility>

#include "storage/media/file_io.h"
#include "storage/media/h264_encoder.h"
#include "storage/media/part_file.h"
#include "storage/media/segment_scan.h"

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
}

namespace longtake {
namespace {

OutputHandle open_mp4(AVIOContext* io, const AVCodecContext& codec, const std::string& tag) {
  AVFormatContext* made = nullptr;
  check(avformat_alloc_output_context2(&made, nullptr, "mp4", nullptr), "cannot open the MP4 writer");
  OutputHandle mp4(made);
  mp4->pb = io;
  // No dates and no library versions in the file: equal frames give equal bytes.
  mp4->flags |= AVFMT_FLAG_BITEXACT;
  AVStream* stream = avformat_new_stream(mp4.get(), nullptr);
  if (stream == nullptr) throw std::bad_alloc();
  check(avcodec_parameters_from_context(stream->codecpar, &codec), "cannot describe the video track");
  stream->time_base = codec.time_base;
  stream->avg_frame_rate = codec.framerate;
  check(av_dict_set(&mp4->metadata, "comment", tag.c_str(), 0), "cannot set the segment's tag");
  return mp4;
}

}  // namespace

struct SegmentWriter::Impl {
  Impl(std::filesystem::path path, const VideoFormat& video_format)
      : file(std::move(path), video_format.writer), format(video_format), encoder(video_format) {
    io = std::make_unique<FileIo>(file.part(), FileIo::Mode::Create);
    mp4 = open_mp4(io->context(), encoder.codec(), format.tag);
    check(avformat_write_header(mp4.get(), nullptr), doing());
  }

  std::string doing() const { return "cannot write " + file.part().string(); }

  void write_ready_packets() {
    while (AVPacket* packet = encoder.next_packet()) {
      av_packet_rescale_ts(packet, encoder.codec().time_base, mp4->streams[0]->time_base);
      check(av_write_frame(mp4.get(), packet), doing());
    }
  }

  void close() {
    encoder.finish();
    write_ready_packets();
    check(av_write_trailer(mp4.get()), doing());
    io->close();
    mp4.reset();
    io.reset();
  }

  PartFile file;
  VideoFormat format;
  H264Encoder encoder;
  std::unique_ptr<FileIo> io;
  OutputHandle mp4;
  std::int64_t frames = 0;
};

SegmentWriter::SegmentWriter(std::filesystem::path path, const VideoFormat& format) {
  silence_av_log();
  if (format.size.width <= 0 || format.size.height <= 0 || format.size.width % 2 != 0 ||
      format.size.height % 2 != 0) {
    throw Error(ErrorKind::Bug, "a segment needs an even width and height, got " +
                                    std::to_string(format.size.width) + " x " +
                                    std::to_string(format.size.height));
  }
  impl_ = std::make_unique<Impl>(std::move(path), format);
}

SegmentWriter::~SegmentWriter() = default;
SegmentWriter::SegmentWriter(SegmentWriter&&) noexcept = default;
SegmentWriter& SegmentWriter::operator=(SegmentWriter&&) noexcept = default;

void SegmentWriter::add(const std::uint8_t* rgb) {
  impl_->encoder.add(rgb);
  ++impl_->frames;
  impl_->write_ready_packets();
}

std::int64_t SegmentWriter::frames() const { return impl_->frames; }

void SegmentWriter::rename(std::filesystem::path path) { impl_->file.rename(std::move(path)); }

SegmentFacts SegmentWriter::commit(std::int64_t expected_frames) {
  const std::string name = impl_->file.final_path().string();
  if (impl_->frames != expected_frames) {
    throw Error(ErrorKind::Bug, "segment " + name + " should have " + std::to_string(expected_frames) +
                                    " frames, " + std::to_string(impl_->frames) + " were added");
  }
  impl_->close();
  const SegmentContents written = scan_segment(impl_->file.part(), Decoding::FirstAndLast);
  if (written.facts.frames != expected_frames || !(written.size == impl_->format.size)) {
    throw Error(ErrorKind::Io, "segment " + name + " does not read back as it was written: " +
                                   std::to_string(written.facts.frames) + " frames of " +
                                   std::to_string(expected_frames));
  }
  impl_->file.commit();
  return written.facts;
}

}  // namespace longtake
