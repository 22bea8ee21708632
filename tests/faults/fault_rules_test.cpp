#include "tests/faults/fault_rules.h"

#include <gmock/gmock.h>

#include "jobs/error.h"

namespace longtake {
namespace {

using testing::HasSubstr;

FaultSubject order(std::int64_t attempt, std::int64_t clip = 0) {
  FaultSubject subject;
  subject.job = "news";
  subject.clip = clip;
  subject.attempt = attempt;
  return subject;
}

std::string refusal_of(const std::string& script) {
  try {
    parse_fault_rules(script);
  } catch (const Error& e) {
    return e.what();
  }
  return "";
}

TEST(FaultRules, AreReadFromAScript) {
  const auto rules = parse_fault_rules("exit frame=100 attempt=1  # a remark\n\nlate seconds=5; deaf");
  ASSERT_EQ(rules.size(), 3U);
  EXPECT_EQ(rules[0].deed, Deed::Exit);
  EXPECT_EQ(rules[0].frame, 100);
  EXPECT_EQ(rules[0].attempt, 1);
  EXPECT_EQ(rules[1].seconds, 5);
  EXPECT_TRUE(rules[2].is_at_load);
}

TEST(FaultRules, AreRefusedWithTheRule) {
  EXPECT_THAT(refusal_of("explode"), HasSubstr("'explode' is no deed"));
  EXPECT_THAT(refusal_of("exit soon"), HasSubstr("'soon' is not KEY=VALUE"));
  EXPECT_THAT(refusal_of("exit mood=bad"), HasSubstr("'mood' is no condition"));
  EXPECT_THAT(refusal_of("exit frame=ten"), HasSubstr("'ten' is no number"));
  EXPECT_THAT(refusal_of("exit one_in=0"), HasSubstr("one_in"));
  EXPECT_THAT(refusal_of("hang at=noon"), HasSubstr("at="));
}

TEST(FaultRules, TheFirstThatFitsIsTaken) {
  const auto rules = parse_fault_rules("hang attempt=2; kill clip=8; exit job=other; torn_file");
  EXPECT_EQ(fault_of_order(rules, order(2, 8))->deed, Deed::Hang);
  EXPECT_EQ(fault_of_order(rules, order(3, 8))->deed, Deed::Kill);
  EXPECT_EQ(fault_of_order(rules, order(3))->deed, Deed::TornFile);
}

TEST(FaultRules, AtLoadAreNotForOrders) {
  const auto rules = parse_fault_rules("hang at=load start=2");
  EXPECT_FALSE(fault_of_order(rules, order(1)));
  FaultSubject engine;
  EXPECT_FALSE(fault_at_load(rules, engine));
  engine.start = 2;
  EXPECT_TRUE(fault_at_load(rules, engine));
}

TEST(FaultRules, ASizeIsALimit) {
  const auto rules = parse_fault_rules("out_of_memory above=688*368");
  FaultSubject small = order(1);
  small.pixels = 688 * 368;
  EXPECT_FALSE(fault_of_order(rules, small));
  ++small.pixels;
  EXPECT_TRUE(fault_of_order(rules, small));
}

TEST(FaultRules, PlainTransportConnectsWhatIsNotConnected) {
  const auto rules = parse_fault_rules("not_connected; kill");
  FaultSubject engine = order(1);
  EXPECT_EQ(fault_of_order(rules, engine)->deed, Deed::NotConnected);
  engine.has_plain_transport = true;
  EXPECT_EQ(fault_of_order(rules, engine)->deed, Deed::Kill);
}

TEST(FaultRules, ChanceIsFairAndRepeatable) {
  const auto rules = parse_fault_rules("kill one_in=10 seed=3");
  int drawn = 0;
  for (int attempt = 1; attempt <= 5000; ++attempt) {
    const bool is_drawn = fault_of_order(rules, order(attempt)).has_value();
    EXPECT_EQ(fault_of_order(rules, order(attempt)).has_value(), is_drawn);
    drawn += is_drawn ? 1 : 0;
  }
  EXPECT_GT(drawn, 400);
  EXPECT_LT(drawn, 600);
}

}  // namespace
}  // namespace longtake
