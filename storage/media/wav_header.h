#pragma once

#include <filesystem>

namespace longtake {

/// Seconds of sound that the header of a RIFF/WAVE file declares; negative when the file is none, or its
/// data size is a placeholder: programs that write to a pipe cannot come back to fill it in, and leave
/// a huge one (espeak-ng 0x7ffff000, FFmpeg and sox 0xffffffff). FFmpeg itself reports the length
/// that is there, which hides a truncation. Internal to storage/media. Throws Error{Io}.
double declared_wav_seconds(const std::filesystem::path& path);

}  // namespace longtake
