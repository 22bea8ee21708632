#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

/// The database of a work directory as a person reads it: with the sqlite3 shell. Nobody else may have it
/// open.
namespace longtake {

/// The rows of `query`, each an object. Throws std::runtime_error with what sqlite3 says.
nlohmann::json query_rows(const std::filesystem::path& database, const std::string& query);

/// The only number of the only row.
std::int64_t query_number(const std::filesystem::path& database, const std::string& query);

/// Runs statements that change something.
void change_database(const std::filesystem::path& database, const std::string& statements);

}  // namespace longtake
