#pragma once

#include <optional>

#include "rank/slate/canvas.h"

namespace longtake {

/// Width of one character and height of a capital, of DejaVu Sans Mono at `em` pixels. The width is
/// rounded, the height rounded up, as light hinting draws it.
int advance_of(int em);
int capital_of(int em);

/// Room for one line of text: `columns` characters from x on the baseline.
struct TextPlace {
  int em = 0;
  int x = 0;
  int baseline = 0;
  int columns = 0;
  /// The capitals' box; letters like 'p' reach a little below it.
  Rect box() const { return {x, baseline - capital_of(em), columns * advance_of(em), capital_of(em)}; }
};

/// How many characters there are to place.
struct SlateColumns {
  int job = 0;
  int details = 0;        ///< "clip 31/32  frame 1529/1530"
  int short_details = 0;  ///< "clip 31 frame 1529", where there is no room for more
  int timecode = 11;      ///< "00:01:01:04"
  int level = 6;          ///< "-23 dB"
};

/// Where everything goes on a frame. Places that are not set have no room on it.
///
///   +-----------------------------------------+
///   | job |                                   |   tag
///   |                                         |
///   | 00:01:01:04     clip 31/32  frame 1529/1530 |   panel
///   | [level meter]                    -23 dB |
///   +-----------------------------------------+
///   | strip                                   |   16 rows, never touched by the others
///   +-----------------------------------------+
struct SlateLayout {
  Rect tag;
  std::optional<TextPlace> job;
  Rect panel;
  std::optional<TextPlace> timecode;
  std::optional<TextPlace> details;  ///< long or short, beside the timecode or on a line below it
  Rect meter;
  std::optional<TextPlace> level;
};

/// For frames of 64x64 and more.
SlateLayout lay_out(FrameSize size, const SlateColumns& columns);

}  // namespace longtake
