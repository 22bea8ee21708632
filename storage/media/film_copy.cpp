#include "storage/media/film_copy.h"

#include "storage/media/film_writer.h"
#include "storage/media/segment_packets.h"

namespace longtake {

std::optional<BadSegment> copy_film(const JoinOrder& order, const std::filesystem::path& file,
                                    const JoinProgress& progress) {
  SegmentPackets packets(order);
  std::optional<FilmWriter> writer;
  std::int64_t frame = 0;
  while (const std::optional<PacketBatch> batch = packets.next()) {
    if (batch->fault) return BadSegment{batch->segment, *batch->fault};
    if (!writer) writer.emplace(order, file, packets.parameters());
    for (const PacketHandle& packet : batch->packets) writer->add_frame(frame++, *packet);
    if (batch->is_last && progress) progress(frame);
  }
  writer->finish();
  return std::nullopt;
}

}  // namespace longtake
