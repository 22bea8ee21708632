#pragma once

#include <c10/core/Device.h>

#include <cstdint>
#include <functional>
#include <iosfwd>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace longtake {

/// One way to compute something.
struct TimedWay {
  std::string way;  ///< "the engine's", "padded to 3456 tokens", ...
  double ms = 0;
  double rate = 0;  ///< of the work that the engine needs: what a way does besides does not count
};

/// What a rate counts: 10^12 multiplications and additions a second, 10^9 bytes read or written.
enum class RateOf { Operations, Bytes };

/// A part of a forward pass, in several ways.
struct TimedWork {
  std::string work;
  std::int64_t calls = 0;  ///< in a forward pass
  std::vector<TimedWay> ways;
  RateOf rate_of = RateOf::Operations;
};

/// Of one call among several in a row: the median of a few such rows. `work` is given the call's number.
double ms_of_call(c10::Device device, const std::function<void(std::int64_t)>& work);

nlohmann::json json_of(const std::vector<TimedWork>& works);

void write(std::ostream& out, const std::vector<TimedWork>& works);

}  // namespace longtake
