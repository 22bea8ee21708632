#include "jobs/prompt_advice.h"

#include <gmock/gmock.h>

namespace longtake {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(PromptAdvice, IsSilentOnAGoodPrompt) {
  EXPECT_THAT(advise_on_prompt("A news anchor speaks slowly with clear articulation, documentary style."),
              IsEmpty());
}

TEST(PromptAdvice, QuotesTheAbsolutes) {
  EXPECT_THAT(
      advise_on_prompt("Cinematic shot: a woman with Perfect skin and flawless, perfect hair talks calmly."),
      ElementsAre(HasSubstr("replace 'perfect' and 'flawless'")));
}

TEST(PromptAdvice, AsksForTheManner) {
  EXPECT_THAT(advise_on_prompt("A friendly old man talks at a family table, realistic style."),
              ElementsAre(HasSubstr("say how the person speaks")));
}

TEST(PromptAdvice, DoesNotTakeAnAbsoluteForAManner) {
  EXPECT_THAT(advise_on_prompt("A man talks perfectly at a table in a cartoon."),
              ElementsAre(HasSubstr("'perfectly'"), HasSubstr("say how the person speaks")));
}

TEST(PromptAdvice, AsksForAStyle) {
  EXPECT_THAT(advise_on_prompt("A man at a desk speaks slowly to the viewer."),
              ElementsAre(HasSubstr("name a style")));
}

TEST(PromptAdvice, CountsWords) {
  EXPECT_THAT(advise_on_prompt("Cartoon man speaks slowly"), ElementsAre(HasSubstr("has 4 words")));
  std::string endless = "In film style a man slowly says";
  for (int i = 0; i < 200; ++i) endless += " blah";
  EXPECT_THAT(advise_on_prompt(endless), ElementsAre(HasSubstr("has 207 words")));
}

TEST(PromptAdvice, DoesNotJudgeOtherScripts) {
  EXPECT_THAT(advise_on_prompt("新闻主播清晰而缓慢地讲话"), IsEmpty());
}

}  // namespace
}  // namespace longtake
