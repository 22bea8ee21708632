#include <cstdio>
#include <ctime>

#include "storage/job_store.h"

namespace longtake {

std::string utc_text(std::int64_t ms_since_1970) {
  const std::time_t seconds = static_cast<std::time_t>(ms_since_1970 / 1000);
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  char date[32];
  std::strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &utc);
  char text[48];
  std::snprintf(text, sizeof text, "%s.%03dZ", date, static_cast<int>(ms_since_1970 % 1000));
  return text;
}

}  // namespace longtake
