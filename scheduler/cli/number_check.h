#pragma once

#include <CLI/CLI.hpp>

/// Numbers that CLI11 would let through: its CLI::Range takes "nan", and a negative number becomes a large
/// one where an unsigned one is wanted.
namespace longtake {

/// Takes decimal numbers in [least, most].
CLI::Validator number_between(double least, double most);

/// Takes whole numbers from 0 to the largest of 64 bits.
CLI::Validator number_not_negative();

}  // namespace longtake
