#include "tests/system/support/attempts.h"

#include "tests/system/support/database.h"

namespace longtake {
namespace {

constexpr const char* kStartedAfterFinish =
    "SELECT 'clips '||s.begin_clip||':'||s.end_clip||': attempt '||a.id||' after attempt '||f.id||' had "
    "finished it'"
    " AS text FROM attempts a JOIN attempts f ON f.segment_id = a.segment_id AND f.state = 'finished' AND "
    "a.id > f.id"
    " AND ifnull(f.message, '') NOT LIKE 'made again: %'"
    " JOIN segments s ON s.id = a.segment_id";
// Also those that were adopted, which have no finished attempt.
constexpr const char* kStartedAfterFinishedAt =
    "SELECT 'clips '||s.begin_clip||':'||s.end_clip||': attempt '||a.id||' though it was finished at "
    "'||s.finished_at"
    " AS text FROM attempts a JOIN segments s ON s.id = a.segment_id WHERE a.started_at > s.finished_at";

}  // namespace

std::vector<std::string> needless_attempts(const std::filesystem::path& database) {
  std::vector<std::string> needless;
  for (const char* query : {kStartedAfterFinish, kStartedAfterFinishedAt}) {
    for (const auto& row : query_rows(database, query)) needless.push_back(row.at("text"));
  }
  return needless;
}

}  // namespace longtake
