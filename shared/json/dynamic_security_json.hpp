// The commands and answers of Mosquitto's dynamic-security plugin in JSON (service API 6.2
// and 6.3), on Boost.JSON.
#pragma once

#include "shared/protocol/hub/dynamic_security.hpp"

namespace berth::json {

class DynamicSecurityJson : public hub::dynsec::DynamicSecurityCodec {
 public:
  [[nodiscard]] std::string write_commands(const std::vector<hub::dynsec::Command>& commands,
                                           const std::vector<std::string>& correlations) override;
  [[nodiscard]] Result<std::vector<hub::dynsec::Reply>> read_replies(
      std::string_view text) override;
  [[nodiscard]] Result<domain::JsonText> read_object(std::string_view text) override;
};

}  // namespace berth::json
