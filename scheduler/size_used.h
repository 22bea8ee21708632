#pragma once

#include <string>

#include "storage/job_store.h"

/// A job is asked for at one size, which is part of its identity, and may be made at a smaller one when there
/// was too little memory and its file allows it (on_oom: smaller_size). The size used is a fact of the work
/// directory; all segments of a film have it.
namespace longtake {

/// "704*384"
std::string text_of(FrameSize size);

/// From its identity; the one it is made at when that does not say.
FrameSize asked_size_of(const StoredJob& job);

/// "made at 640*384 instead of 704*384 ..."; empty for a job that is made as asked.
std::string describe_other_size(const StoredJob& job);

}  // namespace longtake
