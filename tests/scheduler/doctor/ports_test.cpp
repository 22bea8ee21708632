#include "scheduler/doctor/ports.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "scheduler/doctor/socket_holder.h"
#include "storage/file_descriptor.h"
#include "tests/scheduler/doctor/finding_matchers.h"

namespace longtake {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<int> numbers_of(const std::vector<PortFacts>& ports) {
  std::vector<int> numbers;
  for (const PortFacts& port : ports) numbers.push_back(port.port);
  return numbers;
}

TEST(PortsOfInterest, AreThePublishedOneAndThoseThatTheEnvironmentNames) {
  EXPECT_THAT(numbers_of(ports_of_interest({})), ElementsAre(29103));
  EXPECT_THAT(numbers_of(ports_of_interest({{"MASTER_PORT", "29500"},
                                            {"NCCL_COMM_ID", "10.0.0.1:4711"},
                                            {"NCCL_DEBUG", "29600"},
                                            {"SOME_PORT", "29700"}})),
              ElementsAre(29103, 29500, 4711));
}

TEST(PortsOfInterest, WhatIsNoPortIsLeftOut) {
  EXPECT_THAT(numbers_of(ports_of_interest({{"MASTER_PORT", "none"}, {"NCCL_COMM_ID", "host:70000"}})),
              ElementsAre(29103));
}

TEST(CheckPorts, FreeOnesAreGood) {
  EXPECT_THAT(check_ports(ports_of_interest({{"MASTER_PORT", "29500"}})),
              is_good("free: 29103 (Live Avatar's published scripts), 29500 (MASTER_PORT)"));
}

// "Connection refused", "address already in use": port 29103 is taken.
TEST(CheckPorts, ATakenOneIsSaidWithItsHolder) {
  EXPECT_THAT(
      check_ports({{29103, "Live Avatar's published scripts", false, PortHolder{4711, "python3"}}}),
      AllOf(
          is_warning(HasSubstr("port 29103 (Live Avatar's published scripts) is held by python3 (pid 4711)")),
          with_remedy(HasSubstr("another port"))));
  EXPECT_THAT(check_ports({{29103, "MASTER_PORT", false, {}}}), is_warning(HasSubstr("somebody else")));
}

TEST(CheckPorts, OneThatNcclIsToldToTakeIsBad) {
  EXPECT_THAT(check_ports({{4711, "NCCL_COMM_ID", false, PortHolder{1, "init"}}}),
              AllOf(is_bad(HasSubstr("4711")), with_remedy(HasSubstr("unset NCCL_COMM_ID"))));
}

TEST(SocketHolder, ReadsTheKernelsTable) {
  const std::string table =
      "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
      "   0: 0100007F:71AF 0100007F:A000 01 00000000:00000000 00:00000000 00000000     0        0 111 1 0\n"
      "   1: 00000000:71AF 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 222 1 0\n"
      "   2: 00000000:71B0 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 333 1 0\n";
  EXPECT_THAT(inodes_at_port(table, 29103), ElementsAre(222, 111));
  EXPECT_THAT(inodes_at_port(table, 1), IsEmpty());
}

/// A port of this process's, taken until the end of the test.
struct TakenPort {
  explicit TakenPort(int family) : socket(::socket(family, SOCK_STREAM, 0)) {
    ::listen(socket.get(), 1);  // takes a free port
    sockaddr_in6 address{};
    socklen_t size = sizeof address;
    ::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size);
    number = ntohs(address.sin6_port);  // at the same place as in sockaddr_in
  }
  FileDescriptor socket;
  int number = 0;
};

TEST(SocketHolder, FindsTheProcessThatListens) {
  for (const int family : {AF_INET, AF_INET6}) {
    const TakenPort taken(family);
    std::vector<PortFacts> ports = {{taken.number, "MASTER_PORT", true, {}}};
    find_holders(ports);
    EXPECT_FALSE(ports[0].is_free);
    ASSERT_TRUE(ports[0].holder);
    EXPECT_EQ(ports[0].holder->pid, ::getpid());
    EXPECT_THAT(ports[0].holder->program, HasSubstr("doctor_test"));
  }
}

TEST(SocketHolder, APortThatIsGivenBackIsFree) {
  int number = 0;
  {
    const TakenPort taken(AF_INET);
    number = taken.number;
  }
  std::vector<PortFacts> ports = {{number, "MASTER_PORT", true, {}}};
  find_holders(ports);
  EXPECT_TRUE(ports[0].is_free);
}

}  // namespace
}  // namespace longtake
