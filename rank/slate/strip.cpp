#include "rank/slate/strip.h"

namespace longtake {

void draw_strip(const Canvas& canvas, std::int64_t frame) {
  constexpr Colour kOne = {255, 255, 255};
  constexpr Colour kZero = {0, 0, 0};
  const int top = canvas.size.height - kStripRows;
  for (int cell = 0; cell < kStripCells; ++cell) {
    const int x = cell * canvas.size.width / kStripCells;
    const int next = (cell + 1) * canvas.size.width / kStripCells;
    const bool is_set = ((frame >> (kStripCells - 1 - cell)) & 1) != 0;
    paint(canvas, {x, top, next - x, kStripRows}, is_set ? kOne : kZero);
  }
}

}  // namespace longtake
