#include "rank/engine/tokenizer/sentence_pieces.h"

#include <sentencepiece_processor.h>

#include "jobs/error.h"

namespace longtake {
namespace {

void check(const sentencepiece::util::Status& status, const std::string& doing) {
  if (!status.ok()) throw Error(ErrorKind::InvalidInput, doing + ": " + status.ToString());
}

}  // namespace

std::vector<std::int64_t> sentence_piece_ids(const std::filesystem::path& model, const std::string& text) {
  const std::string doing = "cannot read the tokenizer " + model.string();
  sentencepiece::SentencePieceProcessor processor;
  check(processor.Load(model.string()), doing);
  if (processor.eos_id() < 0) throw Error(ErrorKind::InvalidInput, doing + ": it has no end of sentence");
  std::vector<int> pieces;
  check(processor.Encode(text, &pieces), "cannot tokenize a text by " + model.string());
  std::vector<std::int64_t> ids(pieces.begin(), pieces.end());
  ids.push_back(processor.eos_id());
  return ids;
}

}  // namespace longtake
