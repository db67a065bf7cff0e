#include "coordinator/fleet/fleet.hpp"

#include <utility>

#include "shared/base/encoding.hpp"

namespace berth::coordinator {
namespace {

constexpr std::size_t kGatewayIdEntropy = 16;

}  // namespace

Result<Fleet::Created> Fleet::create(const std::string& name, const domain::SiteId& site,
                                     std::vector<domain::IdScope> tenants) {
  if (tenants.empty()) return Error{Errc::invalid, "a gateway serves one tenant at least"};
  domain::Gateway gateway;
  gateway.gateway_id = domain::GatewayId(to_hex(entropy_.bytes(kGatewayIdEntropy)));
  gateway.name = name;
  gateway.site = site;
  gateway.tenants = std::move(tenants);
  auto made = gateways_.put(std::move(gateway), 0);
  if (!made) return made.error();
  auto token = joining_.create_token(made->record.gateway_id);
  if (!token) return token.error();
  auto stored = present(made->record.gateway_id);
  if (!stored) return stored.error();
  return Created{std::move(*stored), std::move(*token)};
}

Result<void> Fleet::disable(const domain::GatewayId& gateway) {
  auto stored = present(gateway);
  if (!stored) return stored.error();
  stored->record.status = domain::GatewayStatus::disabled;
  auto written = gateways_.put(std::move(stored->record), stored->version);
  if (!written) return written.error();
  return {};
}

Result<void> Fleet::enable(const domain::GatewayId& gateway) {
  auto stored = present(gateway);
  if (!stored) return stored.error();
  stored->record.status = stored->record.public_key.empty() ? domain::GatewayStatus::joining
                                                            : domain::GatewayStatus::active;
  auto written = gateways_.put(std::move(stored->record), stored->version);
  if (!written) return written.error();
  return {};
}

Result<void> Fleet::remove(const domain::GatewayId& gateway) {
  auto stored = present(gateway);
  if (!stored) return stored.error();
  stored->record.status = domain::GatewayStatus::removed;
  stored->record.join_token_hash.clear();
  auto written = gateways_.put(std::move(stored->record), stored->version);
  if (!written) return written.error();
  return {};
}

Result<Fleet::Visitor> Fleet::identify(ByteView certificate) const {
  auto parsed = crypto_.parse_certificate(certificate);
  if (!parsed) return Error{Errc::unauthorized, "the client certificate does not parse"};
  if (!crypto_.is_signed_by(*parsed, ca_.parsed_certificate())) {
    return Error{Errc::unauthorized, "the client certificate is not from this coordinator's CA"};
  }
  auto stored = gateways_.find(domain::GatewayId(parsed->common_name));
  if (!stored) return stored.error();
  // The CA signs device endpoints too, and may have been brought along by a development
  // installation that signs more: what counts is the key that joined.
  if (!*stored || (*stored)->record.public_key.empty() ||
      (*stored)->record.public_key != parsed->public_key) {
    return Error{Errc::unauthorized, "the client certificate is not the present one of a gateway"};
  }
  auto& gateway = (*stored)->record;
  switch (gateway.status) {
    case domain::GatewayStatus::joining:
    case domain::GatewayStatus::active: break;
    case domain::GatewayStatus::disabled:
      return Error{Errc::disabled, "gateway " + gateway.name + " is disabled"};
    case domain::GatewayStatus::removed:
      return Error{Errc::forbidden, "gateway " + gateway.name + " was removed"};
  }
  Visitor visitor;
  visitor.may_only_renew = clock_.wall() > parsed->not_after;
  visitor.gateway = std::move(gateway);
  return visitor;
}

Result<Bytes> Fleet::renew(const domain::GatewayId& gateway, ByteView csr) {
  auto public_key = ca_.read_csr(csr);
  if (!public_key) return public_key.error();
  auto stored = present(gateway);
  if (!stored) return stored.error();
  if (*public_key != stored->record.public_key) {
    return Error{Errc::unauthorized, "a renewed certificate is for the key that joined"};
  }
  auto certificate = ca_.issue_gateway(gateway, *public_key);
  if (!certificate) return certificate.error();
  stored->record.certificate_expiry = clock_.wall() + ca_.gateway_lifetime();
  auto written = gateways_.put(std::move(stored->record), stored->version);
  if (!written) return written.error();
  return std::move(*certificate);
}

Result<void> Fleet::heard(const domain::GatewayId& gateway) {
  auto stored = present(gateway);
  if (!stored) return stored.error();
  stored->record.last_contact = clock_.wall();
  auto written = gateways_.put(std::move(stored->record), stored->version);
  if (!written) return written.error();
  return {};
}

Result<Versioned<domain::Gateway>> Fleet::present(const domain::GatewayId& gateway) const {
  auto stored = gateways_.find(gateway);
  if (!stored) return stored.error();
  if (!*stored) return Error{Errc::not_found, "there is no gateway " + gateway.str()};
  if ((*stored)->record.status == domain::GatewayStatus::removed) {
    return Error{Errc::forbidden, "gateway " + (*stored)->record.name + " was removed"};
  }
  return std::move(**stored);
}

}  // namespace berth::coordinator
