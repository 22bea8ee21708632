// The slate engine with faults, for tests. LONGTAKE_FAULTS says which (tests/faults/fault_rules.h): a script,
// or @FILE that holds one. LONGTAKE_FAULTS_DIARY names the file in which it owns up to them.
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>

#include "jobs/error.h"
#include "rank/slate/segment_maker.h"
#include "tests/faults/misdeeds.h"

namespace {

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

std::string script() {
  const std::string text = variable("LONGTAKE_FAULTS");
  if (text.rfind('@', 0) != 0) return text;
  std::ifstream file(text.substr(1));
  return {std::istreambuf_iterator<char>(file), {}};
}

std::optional<longtake::PartMade> make_rightly(const longtake::SegmentOrder& order,
                                               const longtake::AfterFrame& after_frame) {
  return longtake::make_slate_segment(order, LONGTAKE_DEFAULT_FONT, after_frame);
}

}  // namespace

int main() {
  try {
    const int line = std::stoi(variable(longtake::kEngineDescriptorVariable));
    const std::string rank = variable("OMPI_COMM_WORLD_RANK");
    longtake::Misdeeds misdeeds(longtake::parse_fault_rules(script()),
                                longtake::FaultDiary(variable("LONGTAKE_FAULTS_DIARY")), make_rightly,
                                rank.empty() ? 0 : std::stoll(rank), line);
    const longtake::EngineStarted introduction = {misdeeds.start(), "slate", longtake::kSlateVersion};
    longtake::SegmentService(
        longtake::OrderLine(line), introduction,
        [&](const auto& order, const auto& after_frame) { return misdeeds.make(order, after_frame); })
        .serve();
    return 0;
  } catch (const std::exception& e) {
    std::cerr << "faulty engine: " << e.what() << "\n";
    return 1;
  }
}
