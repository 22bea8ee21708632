#pragma once

#include <filesystem>
#include <string>

namespace longtake {

/// What a checkpoint holds, as one hash (hex): names below `model` and contents of all its files that may
/// hold weights, sizes or words. The same files in another folder give the same hash. Large files are
/// sampled (storage/media/content_hash.h). Throws Error{InvalidInput} when there is no such folder or
/// nothing of a model in it, Error{Io}.
std::string content_of_checkpoint(const std::filesystem::path& model);

}  // namespace longtake
