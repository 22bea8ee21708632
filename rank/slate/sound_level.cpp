#include "rank/slate/sound_level.h"

#include <algorithm>
#include <cmath>

namespace longtake {

double sound_level_db(const float* samples, std::size_t count) {
  double energy = 0;
  for (std::size_t i = 0; i < count; ++i)
    energy += static_cast<double>(samples[i]) * static_cast<double>(samples[i]);
  if (!(energy > 0)) return kQuietest_db;
  return std::clamp(10 * std::log10(energy / static_cast<double>(count)), kQuietest_db, kLoudest_db);
}

double meter_share(double level_db) { return (level_db - kQuietest_db) / (kLoudest_db - kQuietest_db); }

LevelZone zone_of(double level_db) {
  constexpr double kYellowFrom_db = -18;
  constexpr double kRedFrom_db = -6;
  if (level_db >= kRedFrom_db) return LevelZone::Red;
  return level_db >= kYellowFrom_db ? LevelZone::Yellow : LevelZone::Green;
}

}  // namespace longtake
