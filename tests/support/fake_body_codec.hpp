// The device API's bodies in words instead of JSON, for tests of what stands around them.
//   read: blank; "id <registration ID>"; "csr"; anything else is malformed.
//   write: "operation <ID> <status>", "registration <ID>", "error <code> <tracking ID>",
//   "challenge <blob in hex>".
#pragma once

#include <string>
#include <string_view>

#include "shared/base/encoding.hpp"
#include "shared/protocol/device/body.hpp"

namespace berth::testing {

class FakeBodyCodec final : public protocol::BodyCodec {
 public:
  Result<protocol::RegisterBody> read_register(std::string_view text) override {
    protocol::RegisterBody body;
    if (text.size() > protocol::kMaxDeviceBody) return Error{Errc::too_large, "body too large"};
    if (text.find_first_not_of(' ') == std::string_view::npos) return body;
    if (text == "csr") {
      body.has_csr = true;
      return body;
    }
    constexpr std::string_view kId = "id ";
    if (!text.starts_with(kId)) return Error{Errc::malformed, "the body is no word we know"};
    body.registration_id = std::string(text.substr(kId.size()));
    return body;
  }

  std::string write(const protocol::OperationStatus& status) override {
    return "operation " + status.operation_id + " " + word(status.status);
  }
  std::string write(const protocol::RegistrationResult& result) override {
    return "registration " + result.registration.registration_id.str();
  }
  std::string write(const protocol::ErrorDocument& error) override {
    return "error " + std::to_string(error.error_code) + " " + error.tracking_id;
  }
  std::string write(const protocol::TpmChallengeBody& challenge) override {
    return "challenge " + to_hex(challenge.authentication_key);
  }

 private:
  static const char* word(domain::RegistrationStatus status) {
    switch (status) {
      case domain::RegistrationStatus::unassigned: return "unassigned";
      case domain::RegistrationStatus::assigning: return "assigning";
      case domain::RegistrationStatus::assigned: return "assigned";
      case domain::RegistrationStatus::failed: return "failed";
      case domain::RegistrationStatus::disabled: return "disabled";
    }
    return "";
  }
};

}  // namespace berth::testing
