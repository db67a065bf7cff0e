// The JSON bodies of Azure IoT Hub's registry REST API, as shapes (service API 5.2 and 5.3).
// HubBodyCodec reads and writes them: shared/json/hub_json on Linux, a board brings its own.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "shared/base/result.hpp"
#include "shared/domain/model/twin.hpp"
#include "shared/protocol/hub/connector.hpp"

namespace berth::hub {

// Largest response body that is looked at, and its deepest nesting.
inline constexpr std::size_t kMaxHubBody = 256 * 1024;
inline constexpr std::size_t kMaxHubDepth = 40;

// Of an identity that stands in the hub.
struct FoundIdentity {
  std::string etag;           // without quotes
  std::string status_reason;  // the place of our marker
  bool enabled = true;
};

// How the hub answered a bulk request of one item.
struct BulkAnswer {
  bool successful = false;
  // The hub's six-digit code if it gave one, and its name ("DeviceAlreadyExists").
  int error_code = 0;
  std::string error_name;
};

class HubBodyCodec {
 public:
  virtual ~HubBodyCodec() = default;

  // One bulk item that creates identity and twin together, or neither.
  [[nodiscard]] virtual std::string write_bulk_create(const DesiredIdentity& identity,
                                                      const std::string& marker) = 0;
  [[nodiscard]] virtual Result<BulkAnswer> read_bulk_answer(std::string_view text) = 0;

  [[nodiscard]] virtual Result<FoundIdentity> read_identity(std::string_view text) = 0;
  // The identity `text` with this credential, these capabilities, and enabled; all other members as
  // they were, since a hub fills in what is left out (service API 5.2). nullopt: nothing to change.
  [[nodiscard]] virtual Result<std::optional<std::string>> with_credential(
      std::string_view text, const DesiredIdentity& identity) = 0;
  // The identity `text`, disabled, or enabled. nullopt: it is.
  [[nodiscard]] virtual Result<std::optional<std::string>> disabled(std::string_view text) = 0;
  [[nodiscard]] virtual Result<std::optional<std::string>> enabled(std::string_view text) = 0;

  // A whole twin: what is absent becomes empty.
  [[nodiscard]] virtual std::string write_twin(const domain::InitialTwin& twin) = 0;
  // Tags and desired properties, without the hub's own members ($metadata, $version).
  [[nodiscard]] virtual Result<domain::InitialTwin> read_twin(std::string_view text) = 0;
};

}  // namespace berth::hub
