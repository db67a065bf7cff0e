// Who calls, and whether it may: SAS tokens of access policies and of the operator (service API
// 1.10).
#pragma once

#include <string>
#include <string_view>

#include "coordinator/api/endpoint.hpp"
#include "coordinator/store/catalog.hpp"
#include "shared/base/result.hpp"
#include "shared/domain/model/ids.hpp"
#include "shared/ports/clock.hpp"
#include "shared/ports/crypto.hpp"
#include "shared/protocol/http/message.hpp"

namespace berth::coordinator {

// The host of a Host header: without its port, and an IPv6 address without its brackets.
[[nodiscard]] std::string_view host_without_port(std::string_view host);

// Whom an authorized call comes from.
struct Caller {
  domain::IdScope tenant;  // that the call is about; not set with Who::operator_only
  std::string key_name;    // of its policy; empty where none is needed
};

class Authorizer {
 public:
  Authorizer(const Catalog& catalog, ports::Crypto& crypto, ports::Clock& clock)
      : catalog_(catalog), crypto_(crypto), clock_(clock) {}

  // Errc::unauthorized for a token that is missing, malformed, expired, for another resource, or of
  // a policy without the right. An unknown policy and a wrong key get the same words after the same
  // work.
  [[nodiscard]] Result<Caller> authorize(const http::Request& request, const http::Target& target,
                                         const Access& access) const;

 private:
  [[nodiscard]] Result<domain::AccessPolicy> policy(const Access& access,
                                                    const domain::IdScope& tenant,
                                                    const std::string& key_name) const;

  const Catalog& catalog_;
  ports::Crypto& crypto_;
  ports::Clock& clock_;
};

// "EnrollmentRead" and so on (service API 1.10).
[[nodiscard]] std::string_view right_text(domain::AccessRight right);

}  // namespace berth::coordinator
