#pragma once

#include <gmock/gmock.h>

#include "scheduler/doctor/finding.h"

namespace longtake {

/// A finding with this verdict whose reason fits; one that asks for something also says what to do.
template <class Reason>
testing::Matcher<Finding> is_finding(Verdict verdict, Reason reason) {
  const bool asks = verdict == Verdict::Warning || verdict == Verdict::Bad;
  const testing::Matcher<std::string> nothing = testing::IsEmpty();
  return testing::AllOf(
      testing::Field("verdict", &Finding::verdict, verdict),
      testing::Field("reason", &Finding::reason, reason),
      testing::Field("remedy", &Finding::remedy,
                     asks ? testing::Matcher<std::string>(testing::Not(nothing)) : nothing));
}

template <class Reason>
auto is_good(Reason reason) {
  return is_finding(Verdict::Good, reason);
}
template <class Reason>
auto is_warning(Reason reason) {
  return is_finding(Verdict::Warning, reason);
}
template <class Reason>
auto is_bad(Reason reason) {
  return is_finding(Verdict::Bad, reason);
}
template <class Reason>
auto is_not_applicable(Reason reason) {
  return is_finding(Verdict::NotApplicable, reason);
}

/// What it tells the user to do.
template <class Remedy>
auto with_remedy(Remedy remedy) {
  return testing::Field("remedy", &Finding::remedy, remedy);
}

inline void PrintTo(const Finding& finding, std::ostream* out) {
  *out << finding.name << ": " << name_of(finding.verdict) << ": " << finding.reason << " -> "
       << finding.remedy;
}

}  // namespace longtake
