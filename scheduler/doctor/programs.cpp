#include "scheduler/doctor/programs.h"

#include <set>

#include "scheduler/doctor/words.h"

namespace longtake {

Finding check_ffmpeg(const FfmpegFacts& facts) {
  const std::string name = "ffmpeg";
  if (facts.missing_encoders.empty())
    return good(name, "FFmpeg " + facts.version + " encodes H.264 (libx264) and AAC");
  std::string missing;
  for (const std::string& encoder : facts.missing_encoders)
    missing += (missing.empty() ? "" : " and ") + encoder;
  return bad(name, "FFmpeg " + facts.version + " was built without " + missing,
             "install an FFmpeg with libx264 (Debian: libavcodec-extra or libavcodec59)");
}

Finding check_mpi(const LaunchFacts& facts) {
  const std::string name = "mpi";
  if (!facts.is_there) {
    return bad(name, "there is no mpirun in PATH",
               "install Open MPI (Debian: openmpi-bin) and put it on the PATH");
  }
  const std::string started = std::to_string(facts.ranks) + " ranks were started";
  if (facts.answers.size() != static_cast<std::size_t>(facts.ranks)) {
    return bad(name, started + ", " + std::to_string(facts.answers.size()) + " answered: " + facts.failure,
               "look at what mpirun says; several network interfaces may need --mca btl_tcp_if_include (or "
               "OMPI_MCA_btl_tcp_if_include) with the one that all hosts share");
  }
  std::set<std::string> hosts;
  for (const RankAnswer& answer : facts.answers) hosts.insert(answer.host);
  return good(name, started + " on " + count_text(hosts.size(), "host") + ", and all answered");
}

}  // namespace longtake
