#include "tests/system/support/audit.h"

#include <algorithm>

#include "storage/media/segment_file.h"
#include "storage/work_dir.h"
#include "tests/system/support/attempts.h"
#include "tests/system/support/database.h"
#include "tests/system/support/files.h"

namespace longtake {
namespace {

using nlohmann::json;

/// Each query names the rows that should not be.
constexpr const char* kQueries[] = {
    "SELECT 'clips '||begin_clip||':'||end_clip||' are '||state AS text FROM segments "
    "WHERE state!='finished'",
    "SELECT 'clips '||s.begin_clip||':'||s.end_clip||' of job '||s.job_id||' were finished '||count(a.id)||"
    "' times' AS text FROM segments s LEFT JOIN attempts a ON a.segment_id=s.id AND a.state='finished' AND "
    "ifnull(a.message, '') NOT LIKE 'made again: %' GROUP BY s.id HAVING count(a.id)!=1",
    "SELECT 'attempt '||id||' still runs' AS text FROM attempts WHERE state='running'",
    "SELECT 'attempt '||id||' does not say where it was' AS text FROM attempts "
    "WHERE ifnull(ranks, '')='' OR ifnull(host, '')=''",
    "SELECT 'attempt '||id||' ended as '||state||' and does not say why' AS text FROM attempts "
    "WHERE state IN ('failed', 'cancelled', 'lost') AND ifnull(message, '')=''",
    "SELECT 'attempt '||id||' did not end' AS text FROM attempts WHERE ended_at IS NULL",
};

SegmentFacts facts_of(const json& row) {
  const auto crc = [&](const char* key) {
    return static_cast<std::uint32_t>(row.at(key).get<std::int64_t>());
  };
  return {row.at("bytes"), row.at("frames"), crc("packets_crc"), crc("first_frame_crc"),
          crc("last_frame_crc")};
}

std::string fault_of_file(const std::filesystem::path& file, const SegmentFacts& facts) {
  try {
    return inspect_segment(file).facts == facts ? "" : file.string() + " does not hold what was written";
  } catch (const std::exception& e) {
    return e.what();
  }
}

void audit_files(const Project& project, const std::string& job, std::vector<std::string>& faults) {
  const json rows = query_rows(
      project.database(), "SELECT s.* FROM segments s JOIN jobs j ON j.id=s.job_id WHERE j.name='" + job +
                              "' AND s.state='finished'");
  std::vector<std::string> videos;
  std::vector<std::string> carries;
  for (const json& row : rows) {
    const Interval clips = {row.at("begin_clip"), row.at("end_clip")};
    videos.push_back(segment_file_name(clips));
    carries.push_back(carry_file_name(clips));
    const std::string fault = fault_of_file(project.segments(job) / videos.back(), facts_of(row));
    if (!fault.empty()) faults.push_back(fault);
  }
  std::vector<std::string> expected = videos;
  expected.insert(expected.end(), carries.begin(), carries.end());
  std::sort(expected.begin(), expected.end());
  if (tree_of(project.segments(job)) != expected)
    faults.push_back("the files of " + job + " are not those of its segments");
}

void audit_report(const Project& project, const std::string& job, std::vector<std::string>& faults) {
  const json report = json::parse(read_file(project.job(job) / "report.json"));
  std::int64_t told = 0;
  for (const json& segment : report.at("history"))
    told += static_cast<std::int64_t>(segment.at("attempts").size());
  const std::int64_t made = query_number(
      project.database(),
      "SELECT count(*) FROM attempts a JOIN segments s ON s.id=a.segment_id JOIN jobs j ON j.id=s.job_id "
      "WHERE j.name='" +
          job + "'");
  if (told != made) {
    faults.push_back("report.json of " + job + " tells " + std::to_string(told) + " attempts of " +
                     std::to_string(made));
  }
}

}  // namespace

std::vector<std::string> audit(const Project& project, const std::vector<std::string>& jobs) {
  std::vector<std::string> faults = needless_attempts(project.database());
  for (const char* query : kQueries) {
    for (const json& row : query_rows(project.database(), query)) faults.push_back(row.at("text"));
  }
  for (const std::string& job : jobs) {
    audit_files(project, job, faults);
    audit_report(project, job, faults);
  }
  return faults;
}

}  // namespace longtake
