#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace longtake {

/// What a slate segment hands to the next one of its range: a safetensors file with the tensor
/// `next_frame` (I64, [1]) and the metadata `format` and `identity`. docs/formats.md
struct SlateCarry {
  std::string identity;         ///< of the job
  std::int64_t next_frame = 0;  ///< the film's frame that comes after the segment
};

/// Durable when it returns. Throws Error{Io} or Error{DiskFull}.
void write_carry(const std::filesystem::path& path, const SlateCarry& carry);

/// Throws Error{InvalidInput} naming the file for anything that is not a whole carry of a slate.
SlateCarry read_carry(const std::filesystem::path& path);

/// Throws Error{InvalidInput} unless `found` (in `path`) is what a segment of the job that begins at
/// the same frame needs.
void check_carry(const std::filesystem::path& path, const SlateCarry& found, const SlateCarry& wanted);

}  // namespace longtake
