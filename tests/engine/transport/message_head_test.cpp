#include "rank/engine/transport/message_head.h"

#include <gmock/gmock.h>

#include "jobs/error.h"

namespace longtake {
namespace {

TEST(MessageHead, SurvivesTheWay) {
  for (const MessageHead& head :
       {MessageHead{3, "paced", "hidden states of step 2, latent frame 9", true, {3600, 5120}},
        MessageHead{0, "taken", "", false, {}}}) {
    EXPECT_EQ(decode_head(encode(head)), head);
  }
}

TEST(MessageHead, OfAnotherVersionOrTypeIsABug) {
  for (const char* text : {"[1,0,\"free\",\"latent\",\"F32\",[2]]", "[2,0,\"free\",\"latent\",\"F16\",[2]]",
                           "[2,0]", "hello", ""}) {
    try {
      decode_head(text);
      ADD_FAILURE() << text;
    } catch (const Error& e) {
      EXPECT_EQ(e.kind(), ErrorKind::Bug);
      EXPECT_THAT(e.what(), testing::HasSubstr(std::string("version 2: ") + text));
    }
  }
}

}  // namespace
}  // namespace longtake
