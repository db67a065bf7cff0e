// The device API's bodies in JSON (device API 1.2 to 1.4), on Boost.JSON.
#pragma once

#include "shared/protocol/device/body.hpp"

namespace berth::json {

class DpsBodyCodec : public protocol::BodyCodec {
 public:
  [[nodiscard]] Result<protocol::RegisterBody> read_register(std::string_view text) override;
  [[nodiscard]] std::string write(const protocol::OperationStatus& status) override;
  [[nodiscard]] std::string write(const protocol::RegistrationResult& result) override;
  [[nodiscard]] std::string write(const protocol::ErrorDocument& error) override;
  [[nodiscard]] std::string write(const protocol::TpmChallengeBody& challenge) override;
};

}  // namespace berth::json
