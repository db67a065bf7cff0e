#include "gateway/linux/coap_endpoint.hpp"

#include <algorithm>
#include <coap3/coap.h>
#include <cstring>
#include <fstream>
#include <string_view>
#include <sys/socket.h>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "gateway/core/device/address_rates.hpp"
#include "gateway/core/device/coap_places.hpp"
#include "gateway/core/device/coap_session.hpp"
#include "gateway/core/device/psk_keys.hpp"
#include "gateway/core/limits.hpp"
#include "gateway/linux/coap_message.hpp"
#include "gateway/linux/log_throttle.hpp"
#include "shared/crypto/openssl/dtls_server.hpp"
#include "shared/runtime/coap_loop.hpp"
#include "shared/runtime/source_network.hpp"
#include "shared/runtime/task_group.hpp"

namespace berth::gateway {
namespace {

namespace asio = boost::asio;
using asio::ip::udp;

constexpr std::chrono::seconds kSweepInterval{5};

// All devices' datagrams come over one socket; in a rush they wait here, and what finds no room is
// lost until its sender repeats it. Some thousands of them.
constexpr int kReceiveBuffer = 4 * 1024 * 1024;

struct FreeContext {
  void operator()(coap_context_t* context) const { coap_free_context(context); }
};
using Context = std::unique_ptr<coap_context_t, FreeContext>;

Error cannot_bind(const std::string& address, std::uint16_t port, const std::string& why) {
  return Error{Errc::io,
               "cannot listen on " + address + " UDP port " + std::to_string(port) + ": " + why};
}

coap_address_t address_of(const udp::endpoint& endpoint) {
  coap_address_t address;
  coap_address_init(&address);
  std::memcpy(&address.addr, endpoint.data(), endpoint.size());
  address.size = static_cast<socklen_t>(endpoint.size());
  return address;
}

udp::endpoint endpoint_of(const coap_address_t& address) {
  udp::endpoint endpoint;
  if (address.size > endpoint.capacity()) return endpoint;
  std::memcpy(endpoint.data(), &address.addr, address.size);
  endpoint.resize(address.size);
  return endpoint;
}

std::string source_of(const coap_session_t& session) {
  const coap_address_t* remote = coap_session_get_addr_remote(&session);
  return remote == nullptr ? std::string() : endpoint_of(*remote).address().to_string();
}

std::string network_behind(const coap_session_t& session) {
  const coap_address_t* remote = coap_session_get_addr_remote(&session);
  return remote == nullptr ? std::string() : runtime::network_of(endpoint_of(*remote).address());
}

// libcoap shares a port with whoever else asks for it; a gateway must not take a part of another's
// devices. So the port is tried alone first, which also chooses one where it is free to choose.
Result<std::uint16_t> free_port(const std::string& address, std::uint16_t port) {
  boost::system::error_code failed;
  const auto parsed = asio::ip::make_address(address, failed);
  if (failed) return cannot_bind(address, port, failed.message());
  asio::io_context unused;
  udp::socket probe(unused);
  const udp::endpoint endpoint(parsed, port);
  probe.open(endpoint.protocol(), failed);
  if (!failed && parsed.is_v6()) probe.set_option(asio::ip::v6_only(true), failed);
  if (!failed) probe.bind(endpoint, failed);
  if (failed) return cannot_bind(address, port, failed.message());
  return probe.local_endpoint().port();
}

// libcoap does not say which sockets it has; the system says what its epoll descriptor watches.
std::vector<int> watched_by(const coap_context_t& context) {
  std::ifstream info("/proc/self/fdinfo/" + std::to_string(coap_context_get_coap_fd(&context)));
  std::vector<int> watched;
  for (std::string word; info >> word;) {
    int descriptor = 0;
    if (word == "tfd:" && info >> descriptor) watched.push_back(descriptor);
  }
  return watched;
}

// As much as the system allows: what it takes from everybody (net.core.rmem_max), or all of it from
// who may administer the network.
void widen_receive_buffers(const coap_context_t& context) {
  for (const int descriptor : watched_by(context)) {
    if (setsockopt(descriptor, SOL_SOCKET, SO_RCVBUFFORCE, &kReceiveBuffer,
                   sizeof(kReceiveBuffer)) == 0) {
      continue;
    }
    // Not a socket, or nothing better to be had.
    static_cast<void>(
        setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &kReceiveBuffer, sizeof(kReceiveBuffer)));
  }
}

}  // namespace

class LibcoapEndpoint final : public CoapEndpoint {
 public:
  LibcoapEndpoint(Settings settings, Services services)
      : settings_(std::move(settings)),
        services_(std::move(services)),
        mapping_(services_.json, services_.clock, services_.entropy),
        keys_(*services_.cache, services_.crypto, services_.entropy),
        work_(loop_.get_executor()),
        sweep_(loop_) {}

  ~LibcoapEndpoint() override {
    stop();
    settle();
  }
  LibcoapEndpoint(const LibcoapEndpoint&) = delete;
  LibcoapEndpoint& operator=(const LibcoapEndpoint&) = delete;

  Result<void> open(const ports::TlsIdentity& identity) {
    auto dtls = crypto::make_dtls_server(identity);
    if (!dtls) return dtls.error();
    dtls_ = std::move(*dtls);
    coap_startup();
    coap_set_log_level(LOG_EMERG);
    coap_dtls_set_log_level(LOG_EMERG);
    if (coap_dtls_is_supported() == 0) return Error{Errc::unsupported, "libcoap lacks DTLS"};
    context_.reset(coap_new_context(nullptr));
    if (!context_) return Error{Errc::internal, "no CoAP context"};
    // Blocks are the core's: libcoap would allocate whatever size a device names.
    coap_context_set_block_mode(context_.get(), 0);
    coap_context_set_session_timeout(context_.get(),
                                     static_cast<unsigned>(settings_.session_idle.count()));
    // libcoap ignores a handshake when there are more than it is told, and takes 0 for a number of
    // its own.
    coap_context_set_max_handshake_sessions(context_.get(),
                                            std::max(2U, share_of(settings_.max_handshakes)) - 1);
    // Who has a session is decided in on_handshake(). At a limit of its own libcoap would end one
    // for any first datagram, whoever forged it; it is only to bound the sessions of plain CoAP.
    coap_context_set_max_idle_sessions(context_.get(),
                                       static_cast<unsigned>(2 * settings_.max_sessions));
    coap_set_app_data(context_.get(), this);
    coap_register_event_handler(context_.get(), on_event);
    if (!set_credentials()) return Error{Errc::internal, "libcoap takes no credentials"};
    add_resources();
    for (const std::string& address : settings_.addresses) {
      for (const auto& [port, protocol] : {std::pair(&settings_.coap_port, COAP_PROTO_UDP),
                                           std::pair(&settings_.coaps_port, COAP_PROTO_DTLS)}) {
        const auto bound = listen(address, *port, protocol);
        if (!bound) return bound.error();
        *port = *bound;
      }
    }
    widen_receive_buffers(*context_);
    return {};
  }

  void start() override {
    asio::post(loop_, [this] {
      driver_ = std::make_unique<runtime::CoapLoop>(loop_.get_executor(), *context_);
      sweep();
    });
    thread_ = std::thread([this] { loop_.run(); });
  }

  void stop() override {
    if (!thread_.joinable()) return;
    asio::post(loop_, [this] {
      close();
      loop_.stop();
    });
    thread_.join();
    work_.reset();
  }

  void settle() override {
    loop_.restart();
    while (loop_.poll() > 0) {
    }
  }

  Result<void> replace_identity(const ports::TlsIdentity& identity) override {
    auto dtls = crypto::make_dtls_server(identity);
    if (!dtls) return dtls.error();
    asio::post(loop_, [this, fresh = std::shared_ptr<crypto::DtlsServer>(std::move(*dtls))] {
      dtls_ = fresh;
    });
    return {};
  }

  std::uint16_t coap_port() const override { return settings_.coap_port; }
  std::uint16_t coaps_port() const override { return settings_.coaps_port; }

 private:
  // A DTLS session, from the moment that its handshake is let in.
  struct Device {
    std::optional<domain::PskProof> psk;
    std::unique_ptr<CoapSession> session;  // once the handshake has ended well
    std::size_t references = 0;            // libcoap's session is kept for requests under way
    CoapPlaces::Number number = 0;         // tells it from a later one at the same place in memory
    MonotonicTime last_heard{};
  };

  static LibcoapEndpoint& self_of(const coap_session_t& session) {
    return *static_cast<LibcoapEndpoint*>(coap_get_app_data(coap_session_get_context(&session)));
  }

  // libcoap counts for each address by itself.
  [[nodiscard]] unsigned share_of(std::size_t limit) const {
    return static_cast<unsigned>(std::max<std::size_t>(1, limit / settings_.addresses.size()));
  }

  Result<std::uint16_t> listen(const std::string& address, std::uint16_t port,
                               coap_proto_t protocol) {
    const auto free = free_port(address, port);
    if (!free) return free.error();
    boost::system::error_code failed;
    const udp::endpoint endpoint(asio::ip::make_address(address, failed), *free);
    const coap_address_t bound = address_of(endpoint);
    if (coap_new_endpoint(context_.get(), &bound, protocol) == nullptr) {
      return cannot_bind(address, *free, "libcoap does not bind it");
    }
    return *free;
  }

  bool set_credentials() {
    coap_dtls_pki_t pki{};
    pki.version = COAP_DTLS_PKI_SETUP_VERSION;
    pki.verify_peer_cert = 1;
    pki.pki_key.key_type = COAP_PKI_KEY_PEM;  // of none: DtlsServer sets the certificate
    pki.additional_tls_setup_call_back = on_handshake;
    pki.cn_call_back_arg = this;
    if (coap_context_set_pki(context_.get(), &pki) == 0) return false;
    // Without a key here libcoap would not look for clients that offer one; nobody is given it.
    const SecretBytes unused(services_.entropy.bytes(domain::kMinSymmetricKeySize));
    coap_dtls_spsk_t psk{};
    psk.version = COAP_DTLS_SPSK_SETUP_VERSION;
    psk.validate_id_call_back = on_identity;
    psk.id_call_back_arg = this;
    psk.psk_info.key = {unused.size(), unused.reveal().data()};
    return coap_context_set_psk2(context_.get(), &psk) != 0;
  }

  void add_resources() {
    coap_resource_t* discovery = coap_resource_init(coap_make_str_const(".well-known/core"), 0);
    coap_register_request_handler(discovery, COAP_REQUEST_GET, on_discovery);
    coap_add_resource(context_.get(), discovery);
    coap_resource_t* rest = coap_resource_unknown_init(on_request);
    for (const coap_request_t method :
         {COAP_REQUEST_GET, COAP_REQUEST_POST, COAP_REQUEST_DELETE, COAP_REQUEST_FETCH,
          COAP_REQUEST_PATCH, COAP_REQUEST_IPATCH}) {
      coap_register_request_handler(rest, method, on_request);
    }
    coap_add_resource(context_.get(), rest);
  }

  // --- handshakes ---

  // libcoap asks this after the cookie exchange, so that the address is the peer's own.
  static int on_handshake(void* tls, coap_dtls_pki_t* setup) {
    auto& self = *static_cast<LibcoapEndpoint*>(setup->cn_call_back_arg);
    auto* session = static_cast<coap_session_t*>(crypto::owner_of(tls));
    if (session == nullptr) return 0;
    if (!self.let_in(*session, tls)) {
      self.say_who_waits(*session);
      crypto::fall_silent(tls);
      return 0;
    }
    return self.dtls_->prepare(tls) ? 1 : 0;
  }

  // False: not now; the device will repeat its handshake by itself.
  bool let_in(coap_session_t& session, void* tls) {
    const MonotonicTime now = services_.clock.monotonic();
    const std::string network = network_behind(session);
    if (!rates_.allow(network, now)) return false;
    const auto place = places_.enter(network, now);
    if (!place) return false;
    if (place->gives_way) {
      // libcoap is in the middle of the newcomer's handshake.
      asio::post(loop_, [this, number = *place->gives_way] { end(number); });
    }
    Device device;
    device.number = place->number;
    device.last_heard = now;
    devices_[&session] = std::move(device);
    crypto::at_end(tls, [this, &session, number = place->number] { ended(session, number); });
    return true;
  }

  void say_who_waits(const coap_session_t& session) {
    const LogThrottle::Word word = waiting_.ask(services_.clock.monotonic());
    if (word.unsaid > 0) {
      services_.log.warning("CoAPS: " + std::to_string(word.unsaid) +
                            " more handshakes had to wait");
    }
    if (!word.may_log) return;
    services_.log.warning(
        "CoAPS: a handshake has to wait: all sessions are taken, or its address "
        "begins too many",
        {{"source", source_of(session)}});
  }

  // The DTLS session is gone; libcoap's may stay for what is under way.
  void ended(coap_session_t& session, CoapPlaces::Number number) {
    places_.leave(number);
    const auto found = devices_.find(&session);
    if (found == devices_.end() || found->second.number != number) return;
    found->second.session.reset();
    if (found->second.references == 0) devices_.erase(found);
  }

  static const coap_bin_const_t* on_identity(coap_bin_const_t* identity, coap_session_t* session,
                                             void* arg) {
    auto& self = *static_cast<LibcoapEndpoint*>(arg);
    const std::string_view text(reinterpret_cast<const char*>(identity->s), identity->length);
    PskAnswer answer = self.keys_.answer(text);
    if (!answer.reason.empty()) {
      self.services_.log.warning("CoAPS: no such pre-shared key: " + answer.reason,
                                 {{"source", source_of(*session)}});
    }
    const auto found = self.devices_.find(session);
    if (found != self.devices_.end()) found->second.psk = std::move(answer.proof);
    self.offered_key_ = std::move(answer.key);
    self.offered_ = {self.offered_key_.size(), self.offered_key_.reveal().data()};
    return &self.offered_;
  }

  static int on_event(coap_session_t* session, coap_event_t event) {
    LibcoapEndpoint& self = self_of(*session);
    switch (event) {
      case COAP_EVENT_DTLS_CONNECTED: self.connected(*session); break;
      case COAP_EVENT_SERVER_SESSION_DEL: self.devices_.erase(session); break;
      default: break;
    }
    return 0;
  }

  void connected(coap_session_t& session) {
    const auto found = devices_.find(&session);
    if (found == devices_.end()) return;
    Device& device = found->second;
    CoapPeer peer;
    peer.source = source_of(session);
    peer.psk = std::exchange(device.psk, std::nullopt);
    coap_tls_library_t library{};
    void* tls = coap_session_get_tls(&session, &library);
    if (tls != nullptr && !peer.psk) peer.chain = crypto::presented_chain(tls);
    device.session =
        std::make_unique<CoapSession>(mapping_, std::move(peer), budget_, services_.clock);
    device.last_heard = services_.clock.monotonic();
    places_.heard(device.number, device.last_heard);
    if (tls != nullptr) crypto::watch_for_restart(tls, on_restart, &session);
  }

  // A device that was restarted knows nothing of its session, and libcoap would go on giving its
  // handshakes to that one. Whoever forges such a handshake can't end a session that is in use: one
  // that spoke just now, or waits for an answer.
  static void on_restart(void* of) {
    auto& session = *static_cast<coap_session_t*>(of);
    LibcoapEndpoint& self = self_of(session);
    const auto found = self.devices_.find(&session);
    if (found == self.devices_.end() || found->second.references > 0 ||
        self.services_.clock.monotonic() - found->second.last_heard < kCoapRestartGrace) {
      return;
    }
    // libcoap is in the middle of it; the device will repeat its first message.
    asio::post(self.loop_, [&self, number = found->second.number] { self.end(number); });
  }

  void end(CoapPlaces::Number number) {
    const auto found = std::find_if(devices_.begin(), devices_.end(), [number](const auto& one) {
      return one.second.number == number;
    });
    if (closed_ || found == devices_.end()) return;
    coap_session_t* session = found->first;
    found->second.session.reset();
    coap_session_disconnected(session, COAP_NACK_TLS_FAILED);
    driver_->rearm();  // which lets libcoap free what has ended
  }

  // --- requests ---

  static void on_discovery(coap_resource_t*, coap_session_t* session, const coap_pdu_t*,
                           const coap_string_t*, coap_pdu_t* response) {
    const LibcoapEndpoint& self = self_of(*session);
    CoapResponse answer;
    answer.code = kCoapContent;
    answer.content_format = COAP_MEDIATYPE_APPLICATION_LINK_FORMAT;
    answer.payload = "<" + self.origin_for(*session) + "/>;rt=\"berth.provisioning\";ct=50";
    write_coap_response(answer, *response);
  }

  std::string origin_for(const coap_session_t& session) const {
    std::string host = settings_.host;
    const coap_address_t* local = coap_session_get_addr_local(&session);
    if (host.empty() && local != nullptr) host = endpoint_of(*local).address().to_string();
    if (host.find(':') != std::string::npos) host = "[" + host + "]";
    return "coaps://" + host + ":" + std::to_string(settings_.coaps_port);
  }

  static void on_request(coap_resource_t*, coap_session_t* session, const coap_pdu_t* request,
                         const coap_string_t*, coap_pdu_t* response) {
    self_of(*session).take(*session, *request, *response);
  }

  void take(coap_session_t& session, const coap_pdu_t& request, coap_pdu_t& response) {
    const auto found = devices_.find(&session);
    if (coap_session_get_proto(&session) != COAP_PROTO_DTLS || found == devices_.end() ||
        !found->second.session) {
      // Without DTLS there is nobody to answer to.
      CoapResponse refusal;
      refusal.code = CoapCode::of(4, 3);
      write_coap_response(refusal, response);
      return;
    }
    Device& device = found->second;
    device.last_heard = services_.clock.monotonic();
    places_.heard(device.number, device.last_heard);
    CoapOutput out =
        device.session->on_request(read_coap_envelope(request), read_coap_request(request));
    if (!out.reason.empty()) {
      services_.log.warning("CoAP: " + out.reason, {{"source", device.session->peer().source}});
    }
    if (out.response) {
      write_coap_response(*out.response, response);
      return;
    }
    // Nothing yet: the acknowledgement carries the answer when it is there. A device that does not
    // want to wait repeats its message, which is known again.
    coap_pdu_set_type(&response, COAP_MESSAGE_NON);
    if (!out.request) return;
    coap_session_reference(&session);
    ++device.references;
    places_.set_at_work(device.number, true);
    if (!requests_.spawn(ask(session, std::move(*out.request)))) release(session);
  }

  runtime::Task<void> ask(coap_session_t& session, DeviceRequest request) {
    Shard& owner = services_.shards.owner(request);
    const Reply reply = co_await owner.submit(std::move(request));
    if (!closed_) {
      answer(session, reply);
      release(session);
    }
  }

  void answer(coap_session_t& session, const Reply& reply) {
    const auto found = devices_.find(&session);
    if (found == devices_.end() || !found->second.session) return;
    const auto answer = found->second.session->on_reply(reply);
    // To a session that has ended, libcoap would keep the message.
    if (!answer || coap_session_get_state(&session) != COAP_SESSION_STATE_ESTABLISHED) return;
    const CoapEnvelope& to = answer->to;
    coap_pdu_t* message =
        coap_pdu_init(to.is_confirmable ? COAP_MESSAGE_ACK : COAP_MESSAGE_NON, COAP_EMPTY_CODE,
                      to.is_confirmable ? to.message_id : coap_new_message_id(&session),
                      coap_session_max_pdu_size(&session));
    if (message == nullptr) return;
    coap_add_token(message, to.token.size(), to.token.data());
    write_coap_response(answer->response, *message);
    coap_send(&session, message);
    driver_->rearm();
  }

  void release(coap_session_t& session) {
    const auto found = devices_.find(&session);
    if (found != devices_.end() && --found->second.references == 0) {
      found->second.last_heard = services_.clock.monotonic();
      places_.set_at_work(found->second.number, false);
      places_.heard(found->second.number, found->second.last_heard);
    }
    coap_session_release(&session);
  }

  void sweep() {
    for (auto& [session, device] : devices_) {
      if (device.session) device.session->on_time();
    }
    sweep_.expires_after(kSweepInterval);
    sweep_.async_wait([this](const boost::system::error_code& failed) {
      if (!failed && !closed_) sweep();
    });
  }

  // On this endpoint's thread: nothing refers to libcoap afterwards.
  void close() {
    closed_ = true;
    sweep_.cancel();
    driver_.reset();
    for (auto& [session, device] : devices_) {
      for (; device.references > 0; --device.references) coap_session_release(session);
    }
    devices_.clear();
    context_.reset();
  }

  Settings settings_;
  Services services_;
  DeviceCoap mapping_;
  PskKeys keys_;
  std::shared_ptr<const crypto::DtlsServer> dtls_;
  AddressRates rates_{settings_.handshake_burst, kCoapHandshakesPerSecond, settings_.max_addresses};
  CoapPlaces places_{settings_.max_sessions, kCoapSessionSpared};
  LogThrottle waiting_{kMaxLoggedConnections};
  CoapBudget budget_{kMaxCoapBuffered};
  SecretBytes offered_key_;  // of the handshake that libcoap asked for last
  coap_bin_const_t offered_{};
  bool closed_ = false;

  asio::io_context loop_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  asio::steady_timer sweep_;
  Context context_;
  std::unordered_map<coap_session_t*, Device> devices_;
  std::unique_ptr<runtime::CoapLoop> driver_;
  runtime::TaskGroup requests_{loop_.get_executor(), settings_.max_sessions* kMaxCoapRequests,
                               [this](const std::string& what) {
                                 services_.log.error("a CoAP request failed", {{"what", what}});
                               }};
  std::thread thread_;
};

Result<std::unique_ptr<CoapEndpoint>> CoapEndpoint::bind(const Settings& settings,
                                                         Services services,
                                                         const ports::TlsIdentity& identity) {
  auto endpoint = std::make_unique<LibcoapEndpoint>(settings, std::move(services));
  const auto opened = endpoint->open(identity);
  if (!opened) return opened.error();
  return std::unique_ptr<CoapEndpoint>(std::move(endpoint));
}

}  // namespace berth::gateway
