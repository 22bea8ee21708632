#include "scheduler/cli/number_check.h"

#include <charconv>
#include <cstdint>
#include <sstream>

namespace longtake {
namespace {

/// Whether all of `text` is one number that fits.
template <class Number>
bool reads(const std::string& text, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} && end == text.data() + text.size();
}

}  // namespace

CLI::Validator number_between(double least, double most) {
  std::ostringstream range;
  range << least << " - " << most;
  const auto check = [least, most, range = range.str()](const std::string& text) -> std::string {
    double number = 0;
    const bool is_good = reads(text, number) && number >= least && number <= most;  // nan is in no range
    return is_good ? "" : "'" + text + "' is not a number in [" + range + "]";
  };
  return {check, "FLOAT in [" + range.str() + "]"};
}

CLI::Validator number_not_negative() {
  const auto check = [](const std::string& text) -> std::string {
    std::uint64_t number = 0;
    return reads(text, number) ? "" : "'" + text + "' is not a whole number from 0 to 18446744073709551615";
  };
  return {check, ""};
}

}  // namespace longtake
