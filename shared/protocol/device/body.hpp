// The JSON bodies of the device API (device API 1.2 to 1.4), as shapes. BodyCodec reads and writes
// them: shared/json does on Linux, a board brings its own.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shared/base/bytes.hpp"
#include "shared/base/result.hpp"
#include "shared/base/timestamp.hpp"
#include "shared/domain/model/registration.hpp"
#include "shared/domain/model/twin.hpp"
#include "shared/ports/crypto.hpp"
#include "shared/protocol/errors.hpp"

namespace berth::protocol {

// Largest request body that a device may send (device API section 8), and its deepest nesting.
inline constexpr std::size_t kMaxDeviceBody = 96 * 1024;
inline constexpr std::size_t kMaxJsonDepth = 32;

struct TpmKeys {
  Bytes endorsement_key;   // TPM2B_PUBLIC
  Bytes storage_root_key;  // TPM2B_PUBLIC; empty if absent
  // Ours: DER, the endorsement key's first (docs/attestation/tpm.md).
  std::vector<Bytes> certificates = {};
};

// DeviceRegistration. Every member may be absent; so may the body.
struct RegisterBody {
  std::optional<std::string> registration_id;
  domain::JsonText payload;  // a JSON object's text; empty: absent or null
  std::optional<TpmKeys> tpm;
  bool has_csr = false;  // csr or clientCertificateCsr was there
};

// DeviceRegistrationResult: the registration, and what the answer shows beside it.
struct RegistrationResult {
  domain::Registration registration;
  std::string etag;                        // without the outer quotes
  std::optional<std::int32_t> error_code;  // with failed
  std::string error_message;
  std::optional<ports::Certificate> certificate;  // X.509: the leaf that attested
  std::optional<ports::Certificate> signing_certificate;
  Bytes tpm_authentication_key;  // TPM, assigned: the second blob
};

// RegistrationOperationStatus.
struct OperationStatus {
  std::string operation_id;
  domain::RegistrationStatus status = domain::RegistrationStatus::assigning;
  std::optional<RegistrationResult> result;
};

// What a TPM is challenged with over HTTPS: the body of a 401 without an error code (device API
// 4.2, step 2). Every client finds the members it needs by name.
struct TpmChallengeBody {
  Bytes authentication_key;  // the first blob
};

class BodyCodec {
 public:
  virtual ~BodyCodec() = default;

  // Blank text is an empty body. Errc::malformed for what is not a JSON object or has members of
  // the wrong type, Errc::too_large past the limits above. Unknown members are ignored.
  [[nodiscard]] virtual Result<RegisterBody> read_register(std::string_view text) = 0;

  // Members that are absent are left out, never null; non-ASCII is escaped (device API 1.4).
  [[nodiscard]] virtual std::string write(const OperationStatus& status) = 0;
  [[nodiscard]] virtual std::string write(const RegistrationResult& result) = 0;
  [[nodiscard]] virtual std::string write(const ErrorDocument& error) = 0;
  [[nodiscard]] virtual std::string write(const TpmChallengeBody& challenge) = 0;
};

}  // namespace berth::protocol
