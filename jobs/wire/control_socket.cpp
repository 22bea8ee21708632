#include "jobs/wire/control_socket.h"

#include <unistd.h>
#include <zmq.h>

#include <array>
#include <nlohmann/json.hpp>
#include <zmq.hpp>
#include <zmq_addon.hpp>

#include "jobs/error.h"
#include "jobs/wire/hang_ups.h"
#include "jobs/wire/zmq_guard.h"

namespace longtake {
namespace {

constexpr int kReconnect_ms = 200;
constexpr std::size_t kKeyLength = 40;
constexpr const char* kAuthenticationEndpoint = "inproc://zeromq.zap.01";  // fixed by ZeroMQ RFC 27 (ZAP)

struct KeyPair {
  std::string public_key;
  std::string secret_key;
};

KeyPair make_key_pair() {
  std::array<char, kKeyLength + 1> public_key{};
  std::array<char, kKeyLength + 1> secret_key{};
  if (zmq_curve_keypair(public_key.data(), secret_key.data()) != 0) {
    throw Error(ErrorKind::Io, "cannot make CURVE keys: this libzmq was built without CURVE");
  }
  return {public_key.data(), secret_key.data()};
}

std::string host_name() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) throw_errno("cannot read the host's name");
  return name.data();
}

/// A server on this very host is reached over loopback, whatever its name resolves to.
std::string reachable_endpoint(const std::string& endpoint) {
  const std::string here = "tcp://" + host_name() + ":";
  if (endpoint.rfind(here, 0) != 0) return endpoint;
  return "tcp://127.0.0.1:" + endpoint.substr(here.size());
}

/// ZMQ keys are 32 raw bytes in the ZAP request and 40 Z85 characters in options.
std::string z85_of(const zmq::message_t& raw_key) {
  std::array<char, kKeyLength + 1> text{};
  if (raw_key.size() != 32) return {};
  zmq_z85_encode(text.data(), raw_key.data<std::uint8_t>(), raw_key.size());
  return text.data();
}

/// All parts of the next message, or none. Never blocks.
std::vector<zmq::message_t> receive_parts(zmq::socket_t& socket, const char* doing) {
  std::vector<zmq::message_t> parts;  // not made anew when a signal comes between two parts
  guarded(doing,
          [&] { return zmq::recv_multipart(socket, std::back_inserter(parts), zmq::recv_flags::dontwait); });
  return parts;
}

bool send_part(zmq::socket_t& socket, const std::string& part, zmq::send_flags flags, const char* doing) {
  return guarded(doing, [&] { return socket.send(zmq::buffer(part), flags | zmq::send_flags::dontwait); })
      .has_value();
}

}  // namespace

std::string encode(const ControlAddress& address) {
  return nlohmann::json{{"endpoint", address.endpoint},
                        {"server_public", address.keys.server_public},
                        {"client_public", address.keys.client_public},
                        {"client_secret", address.keys.client_secret}}
      .dump();
}

ControlAddress decode_control_address(const std::string& text) {
  ControlAddress address;
  try {
    const auto json = nlohmann::json::parse(text);
    address = {json.at("endpoint"),
               {json.at("server_public"), json.at("client_public"), json.at("client_secret")}};
  } catch (const nlohmann::json::exception& e) {
    throw Error(ErrorKind::InvalidInput, std::string("not a scheduler's address: ") + e.what());
  }
  if (address.endpoint.rfind("tcp://", 0) != 0) {
    throw Error(ErrorKind::InvalidInput, "not a scheduler's address: the endpoint is '" + address.endpoint +
                                             "', expected tcp://HOST:PORT");
  }
  for (const std::string& key :
       {address.keys.server_public, address.keys.client_public, address.keys.client_secret}) {
    if (key.size() == kKeyLength) continue;
    throw Error(ErrorKind::InvalidInput, "not a scheduler's address: a key has " +
                                             std::to_string(key.size()) + " characters, expected " +
                                             std::to_string(kKeyLength));
  }
  return address;
}

struct ControlServer::Sockets {
  zmq::context_t context;
  zmq::socket_t authenticator{context, zmq::socket_type::rep};
  zmq::socket_t router{context, zmq::socket_type::router};
  HangUps hang_ups{router};
  ControlAddress address;

  /// Answers libzmq's question whether a peer with this client key may connect (ZAP, RFC 27).
  void authenticate_peers() {
    constexpr const char* kDoing = "cannot authenticate a peer";
    for (;;) {
      const std::vector<zmq::message_t> request = receive_parts(authenticator, kDoing);
      if (request.empty()) return;
      // version, request id, domain, address, identity, mechanism, client key
      const bool is_known = request.size() == 7 && request[5].to_string_view() == "CURVE" &&
                            z85_of(request[6]) == address.keys.client_public;
      const std::string request_id = request.size() > 1 ? request[1].to_string() : std::string();
      const std::array<std::string, 6> reply = {
          "1.0", request_id, is_known ? "200" : "400", is_known ? "OK" : "unknown key", "", ""};
      for (std::size_t i = 0; i < reply.size(); ++i) {
        const bool is_last = i + 1 == reply.size();
        send_part(authenticator, reply[i], is_last ? zmq::send_flags::none : zmq::send_flags::sndmore,
                  kDoing);
      }
    }
  }
};

ControlServer::ControlServer(ControlReach reach) {
  guarded("cannot open the scheduler's port", [&] {
    sockets_ = std::make_unique<Sockets>();
    const KeyPair server = make_key_pair();
    const KeyPair client = make_key_pair();
    sockets_->address.keys = {server.public_key, client.public_key, client.secret_key};
    sockets_->authenticator.bind(kAuthenticationEndpoint);
    zmq::socket_t& router = sockets_->router;
    router.set(zmq::sockopt::linger, 500);
    router.set(zmq::sockopt::curve_server, true);
    router.set(zmq::sockopt::curve_secretkey, server.secret_key);
    router.set(zmq::sockopt::zap_domain, "longtake");
    router.set(zmq::sockopt::router_handover, true);  // a rank that comes back takes its own place
    router.set(zmq::sockopt::sndhwm, 0);
    router.set(zmq::sockopt::rcvhwm, 0);
    router.bind(reach == ControlReach::Loopback ? "tcp://127.0.0.1:*" : "tcp://*:*");
    const std::string bound = router.get(zmq::sockopt::last_endpoint);
    const std::string port = bound.substr(bound.rfind(':') + 1);
    sockets_->address.endpoint =
        (reach == ControlReach::Loopback ? "tcp://127.0.0.1:" : "tcp://" + host_name() + ":") + port;
  });
}

ControlServer::~ControlServer() = default;

const ControlAddress& ControlServer::address() const { return sockets_->address; }

void ControlServer::send(const std::string& peer, const std::string& text) {
  constexpr const char* kDoing = "cannot send to a peer";
  if (!send_part(sockets_->router, peer, zmq::send_flags::sndmore, kDoing)) return;
  send_part(sockets_->router, text, zmq::send_flags::none, kDoing);
}

std::optional<ControlServer::Received> ControlServer::receive() {
  sockets_->authenticate_peers();
  const std::vector<zmq::message_t> parts = receive_parts(sockets_->router, "cannot receive from a peer");
  if (parts.empty()) return std::nullopt;
  if (parts.size() < 2) return Received{};
  Received received{parts.front().to_string(), parts.back().to_string()};
  sockets_->hang_ups.remember(received.peer, parts.back());
  return received;
}

std::optional<std::string> ControlServer::hung_up() {
  return guarded("cannot watch connections", [&] { return sockets_->hang_ups.next(); });
}

void ControlServer::wait(int timeout_ms, int wake_descriptor) {
  std::array<zmq::pollitem_t, 3> items = {{{sockets_->router.handle(), 0, ZMQ_POLLIN, 0},
                                           {sockets_->authenticator.handle(), 0, ZMQ_POLLIN, 0},
                                           {nullptr, wake_descriptor, ZMQ_POLLIN, 0}}};
  // Interrupted by a signal: the caller looks around as after any other wake-up.
  zmq_poll(items.data(), wake_descriptor >= 0 ? 3 : 2, timeout_ms);
  sockets_->authenticate_peers();
}

struct ControlClient::Socket {
  zmq::context_t context;
  zmq::socket_t dealer{context, zmq::socket_type::dealer};
};

ControlClient::ControlClient(const ControlAddress& address, const std::string& identity)
    : socket_(std::make_unique<Socket>()) {
  guarded("cannot connect to the scheduler", [&] {
    zmq::socket_t& dealer = socket_->dealer;
    if (!identity.empty()) dealer.set(zmq::sockopt::routing_id, identity);
    dealer.set(zmq::sockopt::linger, 500);
    dealer.set(zmq::sockopt::sndhwm, 0);  // ZeroMQ would drop what is sent beyond 1000 waiting messages
    dealer.set(zmq::sockopt::reconnect_ivl, kReconnect_ms);
    dealer.set(zmq::sockopt::curve_serverkey, address.keys.server_public);
    dealer.set(zmq::sockopt::curve_publickey, address.keys.client_public);
    dealer.set(zmq::sockopt::curve_secretkey, address.keys.client_secret);
    dealer.connect(reachable_endpoint(address.endpoint));
  });
}

ControlClient::~ControlClient() = default;

void ControlClient::send(const std::string& text) {
  send_part(socket_->dealer, text, zmq::send_flags::none, "cannot send to the scheduler");
}

std::optional<std::string> ControlClient::receive() {
  const std::vector<zmq::message_t> parts =
      receive_parts(socket_->dealer, "cannot receive from the scheduler");
  if (parts.empty()) return std::nullopt;
  return parts.back().to_string();
}

std::optional<std::string> ControlClient::receive_within(int timeout_ms) {
  zmq_pollitem_t item = {socket_->dealer.handle(), 0, ZMQ_POLLIN, 0};
  zmq_poll(&item, 1, timeout_ms);  // interrupted by a signal: the caller looks around, as when the time is up
  return receive();
}

int ControlClient::descriptor() const { return socket_->dealer.get(zmq::sockopt::fd); }

}  // namespace longtake
