#include "jobs/wire/group_socket.h"

#include <gmock/gmock.h>

#include "jobs/error.h"
#include "tests/temp_path.h"

namespace longtake {
namespace {

namespace fs = std::filesystem;

constexpr int kPatience_ms = 10'000;  // only for tests that fail

class GroupSockets : public testing::Test {
 protected:
  GroupSockets() { fs::create_directories(temp_path("group")); }
  ~GroupSockets() override { fs::remove_all(temp_path("group")); }

  static std::vector<fs::path> paths() {
    const fs::path folder = temp_path("group");
    return {folder / "0", folder / "1", folder / "2"};
  }
  static void send(GroupSocket& from, std::size_t to, const std::string& head, const std::string& body) {
    from.send(to, head, body.data(), body.size());
  }
  static std::string received(GroupSocket& by) {
    const auto message = by.receive_within(kPatience_ms);
    if (!message) return "nothing";
    return message->head + ":" +
           std::string(static_cast<const char*>(message->body.get()), message->body_bytes);
  }
};

TEST_F(GroupSockets, KeepTheOrderOfASender) {
  GroupSocket one(paths(), 0);
  GroupSocket other(paths(), 1);
  for (int i = 0; i < 100; ++i) send(one, 1, std::to_string(i), "body");
  for (int i = 0; i < 100; ++i) EXPECT_EQ(received(other), std::to_string(i) + ":body");
}

TEST_F(GroupSockets, WaitForAMemberThatComesLater) {
  GroupSocket one(paths(), 0);
  send(one, 2, "early", "");
  EXPECT_FALSE(one.receive_within(100));
  GroupSocket late(paths(), 2);
  EXPECT_EQ(received(late), "early:");
  send(late, 0, "answer", "x");
  EXPECT_EQ(received(one), "answer:x");
}

TEST_F(GroupSockets, ABodyOutlivesTheNextMessages) {
  GroupSocket one(paths(), 0);
  GroupSocket other(paths(), 1);
  send(one, 1, "a", std::string(100'000, 'a'));
  send(one, 1, "b", std::string(100'000, 'b'));
  const auto first = other.receive_within(kPatience_ms);
  ASSERT_TRUE(other.receive_within(kPatience_ms));
  ASSERT_EQ(first->body_bytes, 100'000U);
  EXPECT_EQ(static_cast<const char*>(first->body.get())[99'999], 'a');
}

TEST_F(GroupSockets, LeaveNoFileBehind) {
  {
    GroupSocket one(paths(), 0);
    EXPECT_TRUE(fs::exists(paths()[0]));
    send(one, 1, "to nobody", "");
  }
  EXPECT_FALSE(fs::exists(paths()[0]));
}

TEST_F(GroupSockets, RefuseAPathThatIsTooLongForASocket) {
  const fs::path path = fs::path(temp_path("group")) / std::string(100, 'x');
  try {
    GroupSocket socket({path}, 0);
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::InvalidInput);
    EXPECT_THAT(e.what(), testing::HasSubstr("must not be longer than 107 characters"));
    EXPECT_THAT(e.what(), testing::HasSubstr(path.string()));
  }
}

}  // namespace
}  // namespace longtake
