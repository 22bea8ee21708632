#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace longtake {

/// Text to token ids with a SentencePiece model. The work is done by longtake-tokenizer, a program that
/// lies beside this one, started for each text: SentencePiece and LibTorch cannot be in one process.
/// Immutable: any thread may use it.
class Tokenizer {
 public:
  /// Throws Error{InvalidInput} naming `model` when it is missing.
  explicit Tokenizer(std::filesystem::path model);

  /// The ids of `text` after white space is collapsed, with the end of sentence (1 in umT5) behind them; at
  /// most `longest` of them, the end of sentence among them. Throws Error{InvalidInput} naming the model
  /// when it is damaged, Error{Io} when the program cannot be run, Error{Bug} when `longest` is below 1.
  std::vector<std::int64_t> ids(const std::string& text, std::size_t longest) const;

 private:
  std::filesystem::path model_;
};

}  // namespace longtake
