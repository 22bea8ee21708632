#pragma once

#include <cmath>
#include <cstdint>

/// Random numbers that are functions of a seed and the number of the draw: the same with every compiler, in
/// whatever order they are asked for.
namespace longtake {

/// Uniform in [0, 1). The mixing function is splitmix64 (Steele, Lea, Flood, 2014).
inline double uniform_draw(std::uint64_t seed, std::uint64_t draw) {
  std::uint64_t mixed = seed * 0xD1342543DE82EF95ULL + (draw + 1) * 0x9E3779B97F4A7C15ULL;
  mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9ULL;
  mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EBULL;
  mixed ^= mixed >> 31;
  return static_cast<double>(mixed >> 11) * 0x1.0p-53;
}

/// Exponential with mean 1: the waiting time of events that know nothing of each other.
inline double exponential_draw(std::uint64_t seed, std::uint64_t draw) {
  return -std::log1p(-uniform_draw(seed, draw));
}

/// Normal with mean 0 and deviation 1 (Box and Muller, 1958), from two uniform draws.
inline double normal_draw(std::uint64_t seed, std::uint64_t draw) {
  constexpr double kTurn = 6.283185307179586;
  const double radius = std::sqrt(2 * exponential_draw(seed, 2 * draw));
  return radius * std::cos(kTurn * uniform_draw(seed, 2 * draw + 1));
}

}  // namespace longtake
