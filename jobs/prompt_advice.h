#pragma once

#include <string>
#include <vector>

namespace longtake {

/// What experience with Live Avatar says about this prompt, a sentence each; empty when nothing does.
/// Absolutes converge badly, adverbs of manner and a named style help. English prompts only.
std::vector<std::string> advise_on_prompt(const std::string& prompt);

}  // namespace longtake
