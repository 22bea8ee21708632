#pragma once

#include <string>

namespace longtake {

/// Every run of Unicode white space becomes one space; none at the ends. What every text goes through
/// before SentencePiece. Bytes that are not UTF-8 stay as they are.
std::string collapse_whitespace(const std::string& text);

/// A prompt as the published code repairs it before the tokenizer: text copied from a web page or a word
/// processor reads as if it had been typed. HTML entities are resolved (up to three times: "&amp;lt;" is
/// "<"), curly quotes become straight, terminal colours and control characters go, white space is
/// collapsed.
///
/// That is the part of ftfy.fix_text that changes what real prompts give. Not done: full-width letters,
/// ligatures and composed accents, which SentencePiece's own NFKC step does; and guessing wrongly decoded
/// text ("â€™"), whose tables are larger than this tokenizer and which a job file in UTF-8 does not have.
/// Of the HTML names, the common ones are known; others stay as they are written.
std::string clean_prompt(const std::string& text);

}  // namespace longtake
