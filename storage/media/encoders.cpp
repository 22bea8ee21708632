#include "storage/media/encoders.h"

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavutil/avutil.h>
}

namespace longtake {

std::string ffmpeg_version() { return av_version_info(); }

std::vector<std::string> missing_encoders() {
  std::vector<std::string> missing;
  for (const char* name : {"libx264", "aac"}) {
    if (avcodec_find_encoder_by_name(name) == nullptr) missing.emplace_back(name);
  }
  return missing;
}

}  // namespace longtake
