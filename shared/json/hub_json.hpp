// The bodies of Azure IoT Hub's registry in JSON (service API 5.2), on Boost.JSON.
#pragma once

#include "shared/protocol/hub/body.hpp"

namespace berth::json {

class IotHubBodyCodec : public hub::HubBodyCodec {
 public:
  [[nodiscard]] std::string write_bulk_create(const hub::DesiredIdentity& identity,
                                              const std::string& marker) override;
  [[nodiscard]] Result<hub::BulkAnswer> read_bulk_answer(std::string_view text) override;
  [[nodiscard]] Result<hub::FoundIdentity> read_identity(std::string_view text) override;
  [[nodiscard]] Result<std::optional<std::string>> with_credential(
      std::string_view text, const hub::DesiredIdentity& identity) override;
  [[nodiscard]] Result<std::optional<std::string>> disabled(std::string_view text) override;
  [[nodiscard]] Result<std::optional<std::string>> enabled(std::string_view text) override;
  [[nodiscard]] std::string write_twin(const domain::InitialTwin& twin) override;
  [[nodiscard]] Result<domain::InitialTwin> read_twin(std::string_view text) override;

 private:
  [[nodiscard]] Result<std::optional<std::string>> with_status(std::string_view text, bool enabled);
};

}  // namespace berth::json
