// Enrollments as the service API writes them (service API section 2).
//
// Reading works against the stored record: what SDKs cannot send back, because answers do not show
// it, stays as it is (symmetric keys, certificates of which only `info` comes, and our own
// members). Errors are Errc::malformed or Errc::invalid and name the member, fit for the admin to
// read.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <boost/json/object.hpp>

#include "shared/base/result.hpp"
#include "shared/domain/model/enrollment.hpp"
#include "shared/json/attestation_json.hpp"
#include "shared/ports/crypto.hpp"
#include "shared/ports/entropy.hpp"

namespace berth::json {

// Hub names or sites that one enrollment may list, and the longest of each.
inline constexpr std::size_t kMaxListedNames = 50;
inline constexpr std::size_t kMaxListedNameLength = 253;

// Members of an enrollment that we understand, in either kind; any other is kept and given back.
[[nodiscard]] bool is_known_member(std::string_view name);

// What a client's schema can express.
enum class Dialect : std::uint8_t {
  // api-version 2018-04-01: knows neither policies nor hub lists nor symmetric keys, so a body
  // without them keeps them (service API 1.4).
  first,
  current,
};

class EnrollmentJson {
 public:
  EnrollmentJson(ports::Crypto& crypto, ports::Entropy& entropy)
      : crypto_(crypto), entropy_(entropy) {}

  // `stored` is the record that the body replaces; nullptr creates. Its spelling of the ID and its
  // stamps are taken over; read-only members of the body are passed over.
  [[nodiscard]] Result<domain::IndividualEnrollment> read_individual(
      const boost::json::object& body, const domain::IndividualEnrollment* stored,
      Dialect dialect) const;
  [[nodiscard]] Result<domain::EnrollmentGroup> read_group(const boost::json::object& body,
                                                           const domain::EnrollmentGroup* stored,
                                                           Dialect dialect) const;

  // `etag` with its quotes.
  [[nodiscard]] boost::json::object write(const domain::IndividualEnrollment& record,
                                          const std::string& etag, Keys keys) const;
  [[nodiscard]] boost::json::object write(const domain::EnrollmentGroup& record,
                                          const std::string& etag, Keys keys) const;
  [[nodiscard]] boost::json::object write(const domain::Attestation& attestation, Keys keys) const;

 private:
  ports::Crypto& crypto_;
  ports::Entropy& entropy_;
};

// The names of allocation policies, as the data plane spells them; read in any letter case.
[[nodiscard]] std::string_view allocation_policy_text(domain::AllocationPolicy policy);
[[nodiscard]] Result<domain::AllocationPolicy> read_allocation_policy(std::string_view text);

}  // namespace berth::json
