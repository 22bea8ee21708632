#include "rank/slate/slate.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <utility>

#include "rank/slate/sound_level.h"
#include "rank/slate/strip.h"
#include "rank/slate/timecode.h"

namespace longtake {
namespace {

constexpr Colour kBox = {9, 11, 15};
constexpr int kBoxOpacity = 178;
constexpr Colour kBright = {245, 247, 250};
constexpr Colour kDim = {158, 166, 178};
constexpr Colour kAccent = {255, 176, 32};
constexpr Colour kTrack = {62, 68, 78};

Colour colour_of(LevelZone zone) {
  switch (zone) {
    case LevelZone::Green:
      return {64, 208, 112};
    case LevelZone::Yellow:
      return {250, 204, 52};
    case LevelZone::Red:
      return {244, 72, 64};
  }
  return kBright;
}

Colour unlit(Colour colour) {
  const auto quarter = [](std::uint8_t value) { return static_cast<std::uint8_t>(value / 4); };
  return {quarter(colour.red), quarter(colour.green), quarter(colour.blue)};
}

/// Right-aligned in as many columns as `widest` takes, so that the text beside it never moves.
std::string padded(std::int64_t number, std::int64_t widest) {
  const std::string text = std::to_string(number);
  const std::size_t columns = std::to_string(widest).size();
  return std::string(columns - std::min(columns, text.size()), ' ') + text;
}

std::string shortened(const std::string& text, int columns) {
  const auto room = static_cast<std::size_t>(columns);
  if (text.size() <= room) return text;
  return room < 4 ? text.substr(0, room) : text.substr(0, room - 2) + "..";
}

SlateColumns columns_of(const SlateFilm& film, std::int64_t clips) {
  const auto digits = [](std::int64_t number) { return static_cast<int>(std::to_string(number).size()); };
  SlateColumns columns;
  columns.job = static_cast<int>(film.job.size());
  const int numbers = digits(clips) + digits(film.film_frames);
  columns.details = static_cast<int>(std::strlen("clip /  frame /")) + 2 * numbers;
  columns.short_details = static_cast<int>(std::strlen("clip  frame ")) + numbers;
  columns.timecode = static_cast<int>(timecode(film.film_frames).size());
  return columns;
}

/// One light of the meter; there is a dark column between two.
struct Light {
  Rect rect;
  Colour colour;
  bool is_lit;
};

template <class Use>
void for_each_light(const Rect& meter, double level_db, Use use) {
  const int pitch = std::max(3, meter.height / 2);
  const int gap = pitch < 6 ? 1 : 2;
  const int lights = meter.width / pitch;
  const int lit = static_cast<int>(std::lround(meter_share(level_db) * lights));
  for (int i = 0; i < lights; ++i) {
    const double begins_db = kQuietest_db + (kLoudest_db - kQuietest_db) * i / lights;
    use(Light{
        {meter.x + i * pitch, meter.y, pitch - gap, meter.height}, colour_of(zone_of(begins_db)), i < lit});
  }
}

}  // namespace

Slate::Slate(RgbImage reference, SlateFilm film, const Typeface& typeface)
    : film_(std::move(film)),
      clips_((film_.film_frames + film_.infer_frames - 1) / film_.infer_frames),
      layout_(lay_out(reference.size, columns_of(film_, clips_))),
      still_(std::move(reference)) {
  if (layout_.timecode) big_ = typeface.glyphs(layout_.timecode->em);
  for (const auto& place : {layout_.job, layout_.details, layout_.level}) {
    if (place) small_ = typeface.glyphs(place->em);
  }
  draw_still_parts();
  frame_ = still_;
  canvas_ = {frame_.rgb.data(), frame_.size};
}

void Slate::draw_still_parts() {
  const Canvas canvas = {still_.rgb.data(), still_.size};
  paint(canvas, layout_.panel, kBox, kBoxOpacity);
  for_each_light(layout_.meter, kQuietest_db,
                 [&](const Light& light) { paint(canvas, light.rect, unlit(light.colour)); });
  if (!layout_.job) return;
  const Rect& tag = layout_.tag;
  paint(canvas, tag, kBox, kBoxOpacity);
  paint(canvas, {tag.x, tag.y, std::max(2, layout_.job->em / 6), tag.height}, kAccent);
  write_text(canvas, small_, layout_.job->x, layout_.job->baseline,
             shortened(film_.job, layout_.job->columns), kBright);
}

const std::uint8_t* Slate::draw(std::int64_t frame, double level_db) {
  const std::size_t row_bytes = static_cast<std::size_t>(frame_.size.width) * 3;
  const std::size_t panel_offset = static_cast<std::size_t>(std::max(0, layout_.panel.y)) * row_bytes;
  std::memcpy(frame_.rgb.data() + panel_offset, still_.rgb.data() + panel_offset,
              still_.rgb.size() - panel_offset);
  draw_place_in_film(frame);
  if (layout_.timecode) {
    write_text(canvas_, big_, layout_.timecode->x, layout_.timecode->baseline, timecode(frame), kBright);
  }
  draw_details(frame);
  draw_meter(level_db);
  draw_strip(canvas_, frame);
  return frame_.rgb.data();
}

void Slate::draw_details(std::int64_t frame) {
  if (!layout_.details) return;
  const int y = layout_.details->baseline;
  int x = layout_.details->x;
  const auto write = [&](const std::string& text, Colour colour) {
    x = write_text(canvas_, small_, x, y, text, colour);
  };
  const bool has_totals = layout_.details->columns == columns_of(film_, clips_).details;
  write("clip ", kDim);
  write(padded(frame / film_.infer_frames, clips_), kBright);
  write(has_totals ? "/" + std::to_string(clips_) + "  frame " : " frame ", kDim);
  write(padded(frame, film_.film_frames), kBright);
  if (has_totals) write("/" + std::to_string(film_.film_frames), kDim);
}

void Slate::draw_meter(double level_db) {
  for_each_light(layout_.meter, level_db, [&](const Light& light) {
    if (light.is_lit) paint(canvas_, light.rect, light.colour);
  });
  if (!layout_.level) return;
  const std::string text = padded(std::lround(level_db), -10) + " dB";
  write_text(canvas_, small_, layout_.level->x, layout_.level->baseline, text, colour_of(zone_of(level_db)));
}

/// A thin line along the panel's upper edge: how far the film is.
void Slate::draw_place_in_film(std::int64_t frame) {
  const Rect& panel = layout_.panel;
  const int thickness = panel.height >= 40 ? 2 : 1;
  const auto done =
      static_cast<int>(panel.width * (frame + 1) / std::max<std::int64_t>(1, film_.film_frames));
  paint(canvas_, {panel.x, panel.y, panel.width, thickness}, kTrack);
  paint(canvas_, {panel.x, panel.y, done, thickness}, kAccent);
}

}  // namespace longtake
