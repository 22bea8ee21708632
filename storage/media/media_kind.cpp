#include "storage/media/media_kind.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string_view>
#include <system_error>

#include "storage/media/av_handles.h"

extern "C" {
#include <libavformat/avformat.h>
}

namespace longtake {
namespace {

bool is_image_demuxer(std::string_view name) {
  constexpr std::string_view kPipe = "_pipe";
  return name == "image2" || name == "gif" || name == "apng" || name == "ico" ||
         (name.size() > kPipe.size() && name.substr(name.size() - kPipe.size()) == kPipe);
}

/// FFmpeg draws text files as "videos" of terminal art.
bool is_text(AVCodecID codec) {
  return codec == AV_CODEC_ID_ANSI || codec == AV_CODEC_ID_BINTEXT || codec == AV_CODEC_ID_XBIN ||
         codec == AV_CODEC_ID_IDF;
}

}  // namespace

void require_input_file(const std::filesystem::path& path, const std::string& what) {
  const std::string doing = "cannot read " + what + " " + path.string() + ": ";
  std::error_code failure;
  const std::filesystem::file_status status = std::filesystem::status(path, failure);
  if (status.type() == std::filesystem::file_type::not_found) {
    throw Error(ErrorKind::InvalidInput, doing + "no such file");
  }
  if (failure) throw Error(ErrorKind::InvalidInput, doing + failure.message());
  if (!std::filesystem::is_regular_file(status)) {
    throw Error(ErrorKind::InvalidInput, doing + "it is not a file");
  }
  if (::access(path.c_str(), R_OK) != 0) {
    throw Error(ErrorKind::InvalidInput, doing + std::strerror(errno));
  }
  if (std::filesystem::file_size(path, failure) == 0 && !failure) {
    throw Error(ErrorKind::InvalidInput, what + " " + path.string() + " is empty (0 bytes)");
  }
}

std::string kind_of_media(const std::filesystem::path& path) {
  silence_av_log();
  AVFormatContext* opened = nullptr;
  // "file:" keeps FFmpeg from taking a name such as a:b.mp3 for a protocol.
  if (avformat_open_input(&opened, ("file:" + path.string()).c_str(), nullptr, nullptr) < 0) return "";
  const InputHandle format(opened);
  if (avformat_find_stream_info(format.get(), nullptr) < 0) return "";
  bool has_sound = false;
  bool has_pictures = false;
  for (unsigned i = 0; i < format->nb_streams; ++i) {
    const AVStream& stream = *format->streams[i];
    if (stream.codecpar->codec_type == AVMEDIA_TYPE_AUDIO) has_sound = true;
    if (stream.codecpar->codec_type == AVMEDIA_TYPE_VIDEO && !is_text(stream.codecpar->codec_id) &&
        (stream.disposition & AV_DISPOSITION_ATTACHED_PIC) == 0) {
      has_pictures = true;
    }
  }
  if (has_pictures && is_image_demuxer(format->iformat->name)) return "an image";
  if (has_pictures) return has_sound ? "a video" : "a video without sound";
  return has_sound ? "a sound file" : "";
}

}  // namespace longtake
