#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace longtake {

/// The ids of `text` by the SentencePiece model (Kudo and Richardson 2018) in the file `model`, the end of
/// sentence behind them. Throws Error{InvalidInput} naming the file when it is missing, damaged or has no
/// end of sentence.
std::vector<std::int64_t> sentence_piece_ids(const std::filesystem::path& model, const std::string& text);

}  // namespace longtake
