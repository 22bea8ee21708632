#include "rank/engine/text/tokenizer.h"

#include <cstddef>
#include <nlohmann/json.hpp>
#include <utility>

#include "jobs/error.h"
#include "rank/engine/text/filter_program.h"
#include "rank/engine/text/prompt_text.h"

namespace longtake {
namespace {

constexpr const char* kProgram = "longtake-tokenizer";

using Ids = std::vector<std::int64_t>;

/// The ids of an answer of the program. The message does not repeat the prompt: it may go to a log.
Ids ids_in(const std::string& answer) {
  const auto json = nlohmann::json::parse(answer, nullptr, /*allow_exceptions=*/false);
  if (json.is_object() && json.contains("error")) {
    throw Error(error_kind_from(json.at("kind").get<std::string>()), json.at("error").get<std::string>());
  }
  if (!json.is_object() || !json.contains("ids")) {
    throw Error(ErrorKind::Io, std::string(kProgram) + " ended without an answer");
  }
  return json.at("ids").get<Ids>();
}

}  // namespace

Tokenizer::Tokenizer(std::filesystem::path model) : model_(std::move(model)) {
  if (!std::filesystem::exists(model_)) {
    throw Error(ErrorKind::InvalidInput, "the tokenizer " + model_.string() + " is missing");
  }
}

Ids Tokenizer::ids(const std::string& text, std::size_t longest) const {
  if (longest < 1) throw Error(ErrorKind::Bug, "a text needs room for its end of sentence");
  const std::filesystem::path model = std::filesystem::absolute(model_);
  Ids ids = ids_in(output_of(kProgram, {model.string()}, collapse_whitespace(text)));
  if (ids.size() > longest) ids.erase(ids.begin() + static_cast<std::ptrdiff_t>(longest) - 1, ids.end() - 1);
  return ids;
}

}  // namespace longtake
