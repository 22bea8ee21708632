#include <iostream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>

#include "jobs/error.h"
#include "rank/engine/tokenizer/sentence_pieces.h"

// Standard input is the text; standard output is {"ids": [...]} or {"kind": "...", "error": "..."}.
// docs/decisions/0014-tokenizer-is-a-program.md says why this is a program.
int main(int argument_count, char** arguments) {
  if (argument_count != 2 || std::string(arguments[1]).rfind("--", 0) == 0) {
    std::cerr << "longtake-tokenizer MODEL < TEXT: the ids of a text by a SentencePiece model, as JSON.\n"
                 "longtake-engine starts it for the prompt of a job.\n";
    return 2;
  }
  try {
    const std::string text{std::istreambuf_iterator<char>(std::cin), {}};
    std::cout << nlohmann::json{{"ids", longtake::sentence_piece_ids(arguments[1], text)}} << "\n";
    return 0;
  } catch (const longtake::Error& e) {
    std::cout << nlohmann::json{{"kind", std::string(name_of(e.kind()))}, {"error", e.what()}} << "\n";
    return 1;
  }
}
