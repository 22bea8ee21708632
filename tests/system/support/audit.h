#pragma once

#include <string>
#include <vector>

#include "tests/system/support/project.h"

namespace longtake {

/// What is wrong in a work directory whose jobs are all done, a line each; nobody may run in it. By the
/// database every segment was finished exactly once, over all starts, but for those whose file turned out to
/// be bad; every attempt says where it was and, unless it was finished, why it ended. Every file of a segment
/// is one that was finished, decodes, and holds what was written; nothing partial is there. report.json tells
/// the same attempts.
std::vector<std::string> audit(const Project& project, const std::vector<std::string>& jobs);

}  // namespace longtake
