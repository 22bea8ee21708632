#include "jobs/wire/control_socket.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <chrono>
#include <memory>

#include "jobs/error.h"

namespace longtake {
namespace {

using Clock = std::chrono::steady_clock;
using testing::HasSubstr;

constexpr auto kPatience = std::chrono::seconds(20);  // for what must happen
constexpr auto kShort =
    std::chrono::milliseconds(700);  // for what must not: several times the reconnect interval

/// The next message to the server, if one comes in time. The server must turn for clients to be let in.
std::optional<ControlServer::Received> next_of(ControlServer& server, Clock::duration patience = kPatience) {
  const auto deadline = Clock::now() + patience;
  while (Clock::now() < deadline) {
    if (auto received = server.receive()) return received;
    server.wait(20, -1);
  }
  return std::nullopt;
}

/// The next message to the client, while the server turns.
std::optional<std::string> next_of(ControlClient& client, ControlServer& server,
                                   Clock::duration patience = kPatience) {
  const auto deadline = Clock::now() + patience;
  while (Clock::now() < deadline) {
    if (auto text = client.receive_within(5)) return text;
    server.wait(5, -1);
  }
  return std::nullopt;
}

class ControlSocket : public testing::Test {
 protected:
  /// Lets `client` in under `identity` and returns what the server knows it by.
  std::string let_in(ControlClient& client, const std::string& text = "hello") {
    client.send(text);
    const auto received = next_of(server_);
    EXPECT_TRUE(received.has_value());
    EXPECT_EQ(received ? received->text : "", text);
    return received ? received->peer : "";
  }

  ControlServer server_{ControlReach::Loopback};
};

TEST_F(ControlSocket, AClientWhoseConnectionEndsHasHungUp) {
  ControlClient stays(server_.address(), "rank-2");
  auto client = std::make_unique<ControlClient>(server_.address(), "rank-3");
  let_in(stays);
  let_in(*client);
  EXPECT_EQ(server_.hung_up(), std::nullopt);
  client.reset();
  std::optional<std::string> gone;
  for (const auto deadline = Clock::now() + kPatience; !gone && Clock::now() < deadline;) {
    server_.wait(20, -1);
    gone = server_.hung_up();
  }
  EXPECT_EQ(gone, "rank-3");
  EXPECT_EQ(server_.hung_up(), std::nullopt);
}

TEST_F(ControlSocket, AClientWithTheRunsKeysIsHeardAndAnswered) {
  ControlClient client(server_.address(), "rank-3");
  EXPECT_EQ(let_in(client), "rank-3");
  server_.send("rank-3", "welcome");
  EXPECT_EQ(next_of(client, server_), "welcome");
}

TEST_F(ControlSocket, AClientWithoutAnIdentityIsGivenOne) {
  ControlClient client(server_.address(), "");
  const std::string peer = let_in(client);
  EXPECT_FALSE(peer.empty());
  server_.send(peer, "status");
  EXPECT_EQ(next_of(client, server_), "status");
}

TEST_F(ControlSocket, TwoClientsEachGetTheirOwn) {
  ControlClient first(server_.address(), "rank-0");
  ControlClient second(server_.address(), "rank-1");
  let_in(first);
  let_in(second);
  server_.send("rank-1", "for the second");
  server_.send("rank-0", "for the first");
  EXPECT_EQ(next_of(first, server_), "for the first");
  EXPECT_EQ(next_of(second, server_), "for the second");
}

TEST_F(ControlSocket, AMessageOfManyMegabytesArrivesWhole) {
  std::string large(8 * 1024 * 1024, 'x');
  for (std::size_t i = 0; i < large.size(); i += 4099) large[i] = static_cast<char>(i);
  ControlClient client(server_.address(), "rank-0");
  client.send(large);
  const auto received = next_of(server_);
  ASSERT_TRUE(received.has_value());
  EXPECT_TRUE(received->text == large);
  server_.send("rank-0", large);
  EXPECT_TRUE(next_of(client, server_) == large);
}

TEST_F(ControlSocket, BytesOfAnyValueAndEmptyTextsArrive) {
  ControlClient client(server_.address(), "rank-0");
  const std::string bytes("a\0b\xff\n", 5);
  let_in(client, bytes);
  let_in(client, "");
}

TEST_F(ControlSocket, WhatIsSentBeforeTheConnectionStandsWaitsInOrder) {
  constexpr int kMessages = 5000;
  ControlClient client(server_.address(), "rank-0");
  for (int i = 0; i < kMessages; ++i) client.send(std::to_string(i));
  for (int i = 0; i < kMessages; ++i) {
    const auto received = next_of(server_);
    ASSERT_TRUE(received.has_value()) << "after " << i;
    ASSERT_EQ(received->text, std::to_string(i));
  }
}

TEST_F(ControlSocket, AWrongClientKeyIsRefused) {
  const ControlServer other(ControlReach::Loopback);
  ControlAddress address = server_.address();
  address.keys.client_public = other.address().keys.client_public;
  address.keys.client_secret = other.address().keys.client_secret;
  ControlClient stranger(address, "rank-0");
  stranger.send("let me in");
  EXPECT_FALSE(next_of(server_, kShort).has_value());
  server_.send("rank-0", "a prompt");
  EXPECT_FALSE(next_of(stranger, server_, kShort).has_value());
}

TEST_F(ControlSocket, AWrongServerKeyIsRefused) {
  const ControlServer other(ControlReach::Loopback);
  ControlAddress address = server_.address();
  address.keys.server_public = other.address().keys.server_public;
  ControlClient client(address, "rank-0");
  client.send("a prompt");
  EXPECT_FALSE(next_of(server_, kShort).has_value());
}

TEST_F(ControlSocket, AStrangerDoesNotDisturbTheOthers) {
  const ControlServer other(ControlReach::Loopback);
  ControlAddress address = server_.address();
  address.keys.client_public = other.address().keys.client_public;
  address.keys.client_secret = other.address().keys.client_secret;
  ControlClient stranger(address, "rank-0");
  stranger.send("let me in");
  ControlClient client(server_.address(), "rank-0");
  EXPECT_EQ(let_in(client, "good"), "rank-0");
}

TEST_F(ControlSocket, NoiseOnThePortIsIgnored) {
  const std::string& endpoint = server_.address().endpoint;
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  to.sin_port = htons(static_cast<std::uint16_t>(std::stoi(endpoint.substr(endpoint.rfind(':') + 1))));
  const int raw = ::socket(AF_INET, SOCK_STREAM, 0);
  ASSERT_EQ(::connect(raw, reinterpret_cast<const sockaddr*>(&to), sizeof to), 0);
  const std::string noise = "GET / HTTP/1.1\r\n\r\n" + std::string(500, '\xff');
  ASSERT_GT(::send(raw, noise.data(), noise.size(), MSG_NOSIGNAL), 0);
  ControlClient client(server_.address(), "rank-0");
  let_in(client);
  ::close(raw);
}

TEST_F(ControlSocket, ARankThatComesBackTakesItsPlace) {
  auto before = std::make_unique<ControlClient>(server_.address(), "rank-0");
  let_in(*before, "before");
  ControlClient after(server_.address(),
                      "rank-0");  // the old connection still stands, as after a node's death
  EXPECT_EQ(let_in(after, "after"), "rank-0");
  server_.send("rank-0", "work");
  EXPECT_EQ(next_of(after, server_), "work");
  EXPECT_FALSE(next_of(*before, server_, std::chrono::milliseconds(100)).has_value());
}

TEST_F(ControlSocket, ATextForAnUnknownPeerIsDropped) {
  server_.send("nobody", "hello?");
  ControlClient client(server_.address(), "rank-0");
  let_in(client);
  server_.send("nobody", "hello?");
  server_.send("rank-0", "you");
  EXPECT_EQ(next_of(client, server_), "you");
}

TEST_F(ControlSocket, NothingToReceiveIsNothingAtOnce) {
  EXPECT_FALSE(server_.receive().has_value());
  ControlClient client(server_.address(), "rank-0");
  EXPECT_FALSE(client.receive().has_value());
  EXPECT_FALSE(client.receive_within(1).has_value());
}

TEST_F(ControlSocket, WaitEndsWhenTheWakeDescriptorIsReadable) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  ASSERT_EQ(::write(ends[1], "x", 1), 1);
  server_.wait(3'600'000, ends[0]);  // ctest ends a test that waits for so long
  ::close(ends[0]);
  ::close(ends[1]);
}

/// A timer that interrupts system calls as often as it can.
class SignalRain {
 public:
  SignalRain() {
    struct sigaction action {};
    action.sa_handler = [](int) {};
    ::sigaction(SIGALRM, &action, &old_);
    set(200);
  }
  ~SignalRain() {
    set(0);
    ::sigaction(SIGALRM, &old_, nullptr);
  }

 private:
  static void set(int every_us) {
    const itimerval timer{{0, every_us}, {0, every_us}};
    ::setitimer(ITIMER_REAL, &timer, nullptr);
  }
  struct sigaction old_ {};
};

TEST_F(ControlSocket, SignalsNeitherBreakNorLoseAnything) {
  ControlClient client(server_.address(), "rank-0");
  let_in(client);
  const SignalRain rain;
  for (int i = 0; i < 300; ++i) {
    client.send(std::to_string(i));
    const auto received = next_of(server_);
    ASSERT_TRUE(received.has_value());
    ASSERT_EQ(received->text, std::to_string(i));
    server_.send("rank-0", received->text);
    ASSERT_EQ(next_of(client, server_), std::to_string(i));
  }
}

// Addresses.

TEST_F(ControlSocket, EveryServerHasItsOwnKeysAndPort) {
  const ControlServer other(ControlReach::Loopback);
  EXPECT_NE(server_.address().endpoint, other.address().endpoint);
  EXPECT_NE(server_.address().keys.server_public, other.address().keys.server_public);
  EXPECT_NE(server_.address().keys.client_secret, other.address().keys.client_secret);
}

TEST_F(ControlSocket, AnAddressSurvivesItsWayAsText) {
  const ControlAddress& address = server_.address();
  const ControlAddress back = decode_control_address(encode(address));
  EXPECT_EQ(back.endpoint, address.endpoint);
  EXPECT_EQ(back.keys.server_public, address.keys.server_public);
  EXPECT_EQ(back.keys.client_public, address.keys.client_public);
  EXPECT_EQ(back.keys.client_secret, address.keys.client_secret);
}

TEST(ControlReachNetwork, IsReachedFromThisHostByItsName) {
  ControlServer server(ControlReach::Network);
  EXPECT_THAT(server.address().endpoint, testing::Not(HasSubstr("127.0.0.1")));
  ControlClient client(server.address(), "rank-0");
  client.send("hello");
  EXPECT_TRUE(next_of(server).has_value());
}

struct BadAddress {
  const char* what;
  const char* text;
};

class BadControlAddress : public testing::TestWithParam<BadAddress> {};

TEST_P(BadControlAddress, IsRefused) {
  try {
    decode_control_address(GetParam().text);
    FAIL() << GetParam().text;
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::InvalidInput);
    EXPECT_THAT(e.what(), HasSubstr("not a scheduler's address"));
  }
}

#define LONGTAKE_KEY "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7"

INSTANTIATE_TEST_SUITE_P(
    Wire, BadControlAddress,
    testing::Values(
        BadAddress{"Empty", ""}, BadAddress{"NoJson", "tcp://node:1"}, BadAddress{"AnArray", "[1, 2]"},
        BadAddress{"NoKeys", R"({"endpoint": "tcp://node:1"})"},
        BadAddress{"ANumberAsKey", R"({"endpoint": "tcp://node:1", "server_public": 1, "client_public": 2,
                                     "client_secret": 3})"},
        BadAddress{"AShortKey", R"({"endpoint": "tcp://node:1", "server_public": "a", "client_public": "b",
                                  "client_secret": "c"})"},
        BadAddress{"AnotherTransport",
                   R"({"endpoint": "ipc:///tmp/x", "server_public": ")" LONGTAKE_KEY
                   R"(", "client_public": ")" LONGTAKE_KEY R"(", "client_secret": ")" LONGTAKE_KEY R"("})"}),
    [](const auto& bad) { return std::string(bad.param.what); });

}  // namespace
}  // namespace longtake
