#include "gateway/linux/proton_sasl.hpp"

#include <proton/sasl.h>
#include <proton/sasl_plugin.h>
#include <proton/transport.h>
#include <utility>

namespace berth::gateway {

struct ProtonSasl::Impl {
  Impl(pn_transport_t* transport_, AmqpSasl& sasl_) : transport(transport_), sasl(sasl_) {}

  void carry_out(SaslStep step) {
    // Proton sends it when it is asked for output, and reads the bytes only then; an outcome would
    // repeat the last challenge's.
    challenge = std::move(step.challenge);
    const pn_bytes_t bytes =
        pn_bytes(challenge.size(), reinterpret_cast<const char*>(challenge.data()));
    pnx_sasl_set_bytes_out(transport, challenge.empty() ? pn_bytes_null : bytes);
    switch (step.kind) {
      case SaslStep::Kind::challenge:
        pnx_sasl_set_desired_state(transport, SASL_POSTED_CHALLENGE);
        return;
      case SaslStep::Kind::wait: waiting = true; return;
      case SaslStep::Kind::accepted:
        // Who it is, the session asks AmqpSasl; proton only keeps a pointer to a name.
        pnx_sasl_set_succeeded(transport, "device", nullptr);
        pnx_sasl_set_desired_state(transport, SASL_POSTED_OUTCOME);
        return;
      case SaslStep::Kind::refused:
        refusal = std::move(step.reason);
        pnx_sasl_set_failed(transport);
        pnx_sasl_set_desired_state(transport, SASL_POSTED_OUTCOME);
        return;
    }
  }

  static Impl& of(pn_transport_t* transport) {
    return *static_cast<Impl*>(pnx_sasl_get_context(transport));
  }
  static ByteView view(const pn_bytes_t* bytes) {
    if (bytes == nullptr || bytes->start == nullptr) return {};
    return as_bytes({bytes->start, bytes->size});
  }

  pn_transport_t* transport;
  AmqpSasl& sasl;
  Bytes challenge;
  std::string refusal;
  bool waiting = false;
};

ProtonSasl::ProtonSasl(pn_transport_t* transport, AmqpSasl& sasl)
    : impl_(std::make_unique<Impl>(transport, sasl)) {
  // Proton calls the client's entries on no server, and the security layer's on none that cannot
  // encrypt.
  static const pnx_sasl_implementation kImplementation = {
      [](pn_transport_t*) {},
      [](pn_transport_t* of) -> const char* { return Impl::of(of).sasl.mechanisms().c_str(); },
      [](pn_transport_t* of) {
        pnx_sasl_set_desired_state(of, SASL_POSTED_MECHANISMS);
        return true;
      },
      [](pn_transport_t*) { return false; },
      [](pn_transport_t*) {},
      [](pn_transport_t* of, const char* mechanism, const pn_bytes_t* response) {
        Impl& impl = Impl::of(of);
        // Proton has no name for a mechanism that is missing or no symbol.
        const std::string_view name = mechanism == nullptr ? "" : mechanism;
        impl.carry_out(impl.sasl.on_init(name, Impl::view(response)));
      },
      [](pn_transport_t* of, const pn_bytes_t* response) {
        Impl& impl = Impl::of(of);
        impl.carry_out(impl.sasl.on_response(Impl::view(response)));
      },
      [](pn_transport_t*, const char*) { return false; },
      [](pn_transport_t*, const pn_bytes_t*) {},
      [](pn_transport_t*, const pn_bytes_t*) {},
      [](pn_transport_t*) { return false; },
      [](pn_transport_t*) -> ssize_t { return 0; },
      [](pn_transport_t*, pn_bytes_t, pn_bytes_t*) -> ssize_t { return 0; },
      [](pn_transport_t*, pn_bytes_t, pn_bytes_t*) -> ssize_t { return 0; },
  };
  pn_sasl(transport);
  pnx_sasl_set_implementation(transport, &kImplementation, impl_.get());
}

ProtonSasl::~ProtonSasl() = default;

void ProtonSasl::carry_out(SaslStep step) {
  impl_->carry_out(std::move(step));
}

bool ProtonSasl::take_wait() {
  return std::exchange(impl_->waiting, false);
}

const std::string& ProtonSasl::refusal() const {
  return impl_->refusal;
}

}  // namespace berth::gateway
