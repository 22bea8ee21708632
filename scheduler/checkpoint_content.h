#pragma once

#include <filesystem>
#include <string>

namespace longtake {

/// What a checkpoint holds, as one hash (hex) over names and contents of the files that the engine reads.
/// The same files in another folder give the same hash; what else lies there does not matter. Large files
/// are sampled (storage/media/content_hash.h). Throws Error{InvalidInput} when it is not complete, Error{Io}.
std::string content_of_checkpoint(const std::filesystem::path& model);

/// The same of an adaptation: a file, or a folder that has it, and the adapter_config.json beside it.
std::string content_of_lora(const std::filesystem::path& lora);

}  // namespace longtake
