#include "rank/engine/tokenizer/sentence_pieces.h"

#include <sentencepiece_processor.h>

#include "jobs/error.h"

namespace longtake {
namespace {

[[noreturn]] void refuse(const std::string& message) { throw Error(ErrorKind::InvalidInput, message); }

}  // namespace

std::vector<std::int64_t> sentence_piece_ids(const std::filesystem::path& model, const std::string& text) {
  const std::string doing = "cannot read the tokenizer " + model.string();
  sentencepiece::SentencePieceProcessor processor;
  // The library's own words for it are a line of its source.
  if (!processor.Load(model.string()).ok()) refuse(doing + ": it is no SentencePiece model, or cut short");
  if (processor.eos_id() < 0) refuse(doing + ": it has no end of sentence");
  std::vector<int> pieces;
  const auto status = processor.Encode(text, &pieces);
  if (!status.ok()) refuse("cannot tokenize a text by " + model.string() + ": " + status.ToString());
  std::vector<std::int64_t> ids(pieces.begin(), pieces.end());
  ids.push_back(processor.eos_id());
  return ids;
}

}  // namespace longtake
