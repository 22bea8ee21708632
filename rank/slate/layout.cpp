#include "rank/slate/layout.h"

#include <algorithm>

#include "rank/slate/strip.h"

namespace longtake {
namespace {

constexpr int kSmallestEm = 9;  // below this the digits cannot be told apart after encoding
constexpr int kLargestEm = 48;

struct Measures {
  int big_em;
  int small_em;
  int margin;
  int gap;
  int meter_height;
};

Measures measures_of(FrameSize size) {
  const int big = std::clamp(std::min(size.height / 15, size.width / 20), kSmallestEm, kLargestEm);
  return {big, std::max(kSmallestEm, big * 3 / 5), std::max(2, big / 2), std::max(4, big * 2 / 5),
          std::max(4, big * 2 / 5)};
}

int width_of(int columns, int em) { return columns * advance_of(em); }

}  // namespace

int advance_of(int em) { return (em * 1233 + 1024) / 2048; }

int capital_of(int em) { return (em * 1493 + 2047) / 2048; }

SlateLayout lay_out(FrameSize size, const SlateColumns& columns) {
  const Measures m = measures_of(size);
  const int room = size.width - 2 * m.margin;
  const int strip_top = size.height - kStripRows;
  const int timecode_width = width_of(columns.timecode, m.big_em);
  const int details_columns =
      width_of(columns.details, m.small_em) <= room ? columns.details : columns.short_details;
  const int details_width = width_of(details_columns, m.small_em);
  const bool has_details = details_width <= room;
  const bool is_beside = timecode_width + m.big_em + details_width <= room;

  // From the bottom up, so that a frame too low for all of it loses the upper lines.
  SlateLayout layout;
  int y = strip_top - m.margin - m.meter_height;
  layout.meter = {m.margin, y, room, m.meter_height};
  const int level_width = width_of(columns.level, m.small_em);
  if (level_width + m.gap <= room / 3) {
    const int middle = y + m.meter_height / 2;
    layout.level = TextPlace{m.small_em, size.width - m.margin - level_width,
                             middle + (capital_of(m.small_em) + 1) / 2, columns.level};
    layout.meter.width -= level_width + m.gap;
  }
  y -= m.gap;
  if (has_details && !is_beside) {
    layout.details = TextPlace{m.small_em, m.margin, y, details_columns};
    y -= capital_of(m.small_em) + m.gap;
  }
  if (timecode_width <= room) {
    layout.timecode = TextPlace{m.big_em, m.margin, y, columns.timecode};
    if (is_beside)
      layout.details = TextPlace{m.small_em, size.width - m.margin - details_width, y, details_columns};
    y -= capital_of(m.big_em);
  }
  layout.panel = {0, y - m.margin, size.width, strip_top - (y - m.margin)};

  const int tag_padding = std::max(3, m.small_em / 2);
  const int tag_height = capital_of(m.small_em) + 2 * tag_padding;
  const int tag_columns = std::min(columns.job, (room - 2 * tag_padding) / advance_of(m.small_em));
  if (tag_columns > 0 && m.margin + tag_height + m.gap <= layout.panel.y) {
    layout.tag = {m.margin, m.margin, width_of(tag_columns, m.small_em) + 2 * tag_padding, tag_height};
    layout.job = TextPlace{m.small_em, m.margin + tag_padding,
                           m.margin + tag_padding + capital_of(m.small_em), tag_columns};
  }
  return layout;
}

}  // namespace longtake
