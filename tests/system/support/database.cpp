#include "tests/system/support/database.h"

#include "tests/system/support/process.h"

namespace longtake {

nlohmann::json query_rows(const std::filesystem::path& database, const std::string& query) {
  const std::string rows = output_of({"sqlite3", "-json", database.string(), query});
  return rows.empty() ? nlohmann::json::array() : nlohmann::json::parse(rows);
}

std::int64_t query_number(const std::filesystem::path& database, const std::string& query) {
  return std::stoll(output_of({"sqlite3", database.string(), query}));
}

void change_database(const std::filesystem::path& database, const std::string& statements) {
  output_of({"sqlite3", "-bail", database.string(), statements});
}

}  // namespace longtake
