#include "tools/device/proton_sasl.hpp"

#include <cstring>
#include <proton/sasl.h>
#include <proton/sasl_plugin.h>
#include <string_view>
#include <utility>

namespace berth::device {
namespace {

ProtonSasl& sasl_of(pn_transport_t* transport) {
  return *static_cast<ProtonSasl*>(pnx_sasl_get_context(transport));
}

void post(pn_transport_t* transport, SecretBytes bytes, pnx_sasl_state state) {
  ProtonSasl& sasl = sasl_of(transport);
  sasl.sending = std::move(bytes);
  const ByteView view = sasl.sending.reveal();
  pnx_sasl_set_bytes_out(transport,
                         pn_bytes(view.size(), reinterpret_cast<const char*>(view.data())));
  pnx_sasl_set_desired_state(transport, state);
}

// `offered` holds the names with spaces between.
bool is_offered(std::string_view offered, std::string_view name) {
  while (!offered.empty()) {
    const std::size_t end = offered.find(' ');
    if (offered.substr(0, end) == name) return true;
    offered = end == std::string_view::npos ? "" : offered.substr(end + 1);
  }
  return false;
}

bool choose(pn_transport_t* transport, const char* offered) {
  ProtonSasl& sasl = sasl_of(transport);
  if (!is_offered(offered, sasl.mechanism.name())) {
    sasl.failure = std::string("the endpoint offers no SASL mechanism ") + sasl.mechanism.name();
    return false;
  }
  pnx_sasl_set_selected_mechanism(transport, sasl.mechanism.name());
  post(transport, sasl.mechanism.initial_response(), SASL_POSTED_INIT);
  return true;
}

void answer_challenge(pn_transport_t* transport, const pn_bytes_t* challenge) {
  ProtonSasl& sasl = sasl_of(transport);
  auto response = sasl.mechanism.respond(
      ByteView(reinterpret_cast<const std::uint8_t*>(challenge->start), challenge->size));
  if (!response) {
    sasl.failure = response.error().reason;
    pnx_sasl_set_desired_state(transport, SASL_ERROR);
    return;
  }
  post(transport, std::move(*response), SASL_POSTED_RESPONSE);
}

const pnx_sasl_implementation kImplementation = {
    [](pn_transport_t*) {},  // free: its connection owns the context
    [](pn_transport_t* transport) { return sasl_of(transport).mechanism.name(); },
    [](pn_transport_t*) { return false; },  // init_server
    [](pn_transport_t*) { return true; },   // init_client
    [](pn_transport_t*) {},                 // prepare_write
    [](pn_transport_t*, const char*, const pn_bytes_t*) {},
    [](pn_transport_t*, const pn_bytes_t*) {}, choose, answer_challenge,
    [](pn_transport_t*, const pn_bytes_t*) {},  // process_outcome: proton keeps the code
    // No security layer: TLS is beneath.
    [](pn_transport_t*) { return false; }, [](pn_transport_t*) -> ssize_t { return 0; },
    [](pn_transport_t*, pn_bytes_t, pn_bytes_t*) -> ssize_t { return 0; },
    [](pn_transport_t*, pn_bytes_t, pn_bytes_t*) -> ssize_t { return 0; }};

}  // namespace

void use_mechanism(pn_transport_t* transport, ProtonSasl& sasl) {
  pn_sasl_set_allow_insecure_mechs(pn_sasl(transport), true);  // insecure without TLS, that is
  pnx_sasl_set_implementation(transport, &kImplementation, &sasl);
}

}  // namespace berth::device
