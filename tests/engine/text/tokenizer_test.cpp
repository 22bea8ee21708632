#include "rank/engine/text/tokenizer.h"

#include <gmock/gmock.h>

#include <fstream>

#include "jobs/error.h"
#include "tests/engine/reference.h"
#include "tests/temp_path.h"

namespace longtake {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

using Ids = std::vector<std::int64_t>;
constexpr std::size_t kNoLimit = 1 << 20;

TEST(Tokenizer, GivesTheReferencesIds) {
  const Tokenizer tokenizer(reference("spiece.model"));
  const auto cases = reference_json("tokenizer_cases.json");
  ASSERT_FALSE(cases.empty());
  for (const auto& entry : cases) {
    const auto text = entry.at("text").get<std::string>();
    EXPECT_EQ(tokenizer.ids(text, kNoLimit), entry.at("ids").get<Ids>()) << text;
  }
}

TEST(Tokenizer, CutsALongTextBeforeItsEndOfSentence) {
  const Tokenizer tokenizer(reference("spiece.model"));
  const std::string text = "word word word word word word";
  Ids expected = tokenizer.ids(text, kNoLimit);
  ASSERT_GT(expected.size(), 5U);
  const std::int64_t end = expected.back();
  EXPECT_EQ(tokenizer.ids(text, expected.size()), expected);
  expected.resize(4);
  expected.push_back(end);
  EXPECT_EQ(tokenizer.ids(text, 5), expected);
  EXPECT_THAT(tokenizer.ids(text, 1), ElementsAre(end));
}

std::string refusal_of(const std::filesystem::path& model) {
  try {
    Tokenizer(model).ids("word", kNoLimit);
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::InvalidInput);
    return e.what();
  }
  return "";
}

TEST(Tokenizer, NamesAModelThatIsMissingOrDamaged) {
  const std::filesystem::path model = temp_path("damaged-spiece.model");
  std::filesystem::remove(model);
  EXPECT_THAT(refusal_of(model), HasSubstr(model.string() + " is missing"));
  std::ofstream(model) << "not a model";
  EXPECT_THAT(refusal_of(model), HasSubstr(model.string()));
}

}  // namespace
}  // namespace longtake
