// The machine's TPM as a provisioning device uses it (device API 4.4 and 4.5), over libtss2: two
// persistent keys made by the templates of Microsoft's SDKs, and an identity key that is activated
// by what the endpoint sends.
//
// Calls block for as long as the chip takes, which is tens of milliseconds.
#pragma once

#include <memory>
#include <string>

#include "shared/base/bytes.hpp"
#include "shared/base/result.hpp"

namespace berth::device {

class Tpm {
 public:
  // `tcti` is a libtss2 configuration: "device:/dev/tpmrm0", "swtpm:host=127.0.0.1,port=2321".
  // Makes the keys that are not there yet. Errc::unavailable or io, with the chip's answer.
  static Result<std::shared_ptr<Tpm>> open(const std::string& tcti);
  virtual ~Tpm() = default;

  [[nodiscard]] virtual const Bytes& endorsement_key() const = 0;   // TPM2B_PUBLIC
  [[nodiscard]] virtual const Bytes& storage_root_key() const = 0;  // TPM2B_PUBLIC
  // What the chip's maker says of the endorsement key, DER; empty if the chip holds none.
  [[nodiscard]] virtual const Bytes& endorsement_certificate() const = 0;

  // Takes the blob of device API 4.3: the key in it replaces the identity key. Errc::forbidden if
  // the chip refuses it, so that it is not for this one.
  [[nodiscard]] virtual Result<void> activate(ByteView blob) = 0;
  // HMAC-SHA256 with the identity key, of at most kMaxSigned bytes.
  [[nodiscard]] virtual Result<Bytes> sign(ByteView data) = 0;

  // What one TPM2_HMAC takes.
  static constexpr std::size_t kMaxSigned = 1024;
};

}  // namespace berth::device
