#pragma once

#include <cstddef>

namespace longtake {

inline constexpr double kQuietest_db = -60;
inline constexpr double kLoudest_db = 0;

/// Root mean square of samples in [-1, 1], in dB of full scale, within [kQuietest_db, kLoudest_db].
/// Silence, no samples and broken samples (NaN) are the quietest.
double sound_level_db(const float* samples, std::size_t count);

/// Place on the meter: 0 at kQuietest_db, 1 at kLoudest_db.
double meter_share(double level_db);

/// Green is speech at rest, yellow speech that stands out, red will soon clip.
enum class LevelZone { Green, Yellow, Red };
LevelZone zone_of(double level_db);

}  // namespace longtake
