#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "jobs/interval.h"

/// What the loudness of a recording says: levels, where speech begins and ends, what to warn of.
/// Pure functions over mean squares per 10 ms window; levels are dB relative to full scale.
namespace longtake {

/// 10 log10 of a mean square, not below -120 dB.
double level_db(double mean_square);

/// Level that a `part` (0 to 1) of the windows does not exceed.
double level_percentile_db(const std::vector<float>& loudness, double part);

/// Windows up to this level are silence: min(-50, speech level - 35), but never below -90 dB, which
/// is the noise of a 16-bit file that holds nothing.
double silence_threshold_db(double speech_level_db);

/// The samples from 500 ms before the first window above the threshold to 500 ms after the last one,
/// both on the 10 ms grid and inside [0, samples). nullopt when every window is silent.
std::optional<Interval> trimmed(const std::vector<float>& loudness, std::int64_t samples,
                                double threshold_db);

/// "0:30 is 14 dB louder than 1:00: ..." when the speech level of stretches of ten seconds differs by
/// more than 12 dB: several voices or distances; one face will speak them all.
std::optional<std::string> warn_of_level_changes(const std::vector<float>& loudness, double threshold_db);

}  // namespace longtake
