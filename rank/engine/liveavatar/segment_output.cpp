#include "rank/engine/liveavatar/segment_output.h"

namespace longtake {

SegmentOutput::SegmentOutput(const SegmentOrder& order, const VaeDecoder& decoder)
    : order_(order),
      writer_(order.segment, {order.size, kFramesPerSecond, order.identity, writer_of(order.attempt)}),
      frames_(decoder, [this](const std::uint8_t* rgb) {
        // The film's last clip may be longer than the film.
        if (writer_.frames() < order_.frames.length()) writer_.add(rgb);
      }) {}

SegmentFacts SegmentOutput::commit(const Carry& carry) {
  write_carry(order_.carry_out, carry, order_.identity);
  return writer_.commit(order_.frames.length());
}

}  // namespace longtake
