// A device as the hub keeps it: its identity and its twin, and the JSON that both are shown as
// (service API 5.2).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/object.hpp>

#include "shared/base/result.hpp"
#include "shared/base/timestamp.hpp"
#include "shared/ports/entropy.hpp"

namespace berth::hub_server {

struct Authentication {
  enum class Type : std::uint8_t { sas, self_signed, certificate_authority, none };
  Type type = Type::sas;
  // As clients write and read them: base64 keys, hex thumbprints.
  std::string primary_key;
  std::string secondary_key;
  std::string primary_thumbprint;
  std::string secondary_thumbprint;
};

struct Device {
  std::string id;
  std::string generation;     // tells a device from an earlier one of the same name
  std::uint64_t version = 0;  // of the identity; makes its etag

  bool enabled = true;
  std::string status_reason;
  WallTime status_updated{};
  Authentication authentication;
  bool iot_edge = false;
  std::string device_scope;
  std::vector<std::string> parent_scopes;

  std::uint64_t twin_version = 1;     // of tags and desired properties together; makes the etag
  std::uint64_t desired_version = 1;  // $version
  WallTime desired_updated{};
  boost::json::object tags;
  boost::json::object desired;  // without $metadata and $version
};

inline constexpr std::size_t kMaxStatusReason = 128;

// "AAAAAAAAAAE=": what stands between the quotes of an If-Match.
[[nodiscard]] std::string etag_of(std::uint64_t version);

// Takes over the parts of an identity that clients write; what is absent gets its default. Keys of
// sas devices that are empty are made. Errc::invalid with a sentence for the client.
[[nodiscard]] Result<void> read_identity(const boost::json::object& from, Device& into,
                                         ports::Entropy& entropy);

[[nodiscard]] boost::json::object write_identity(const Device& device);
[[nodiscard]] boost::json::object write_twin(const Device& device);

// The form it is stored in.
[[nodiscard]] std::string to_record(const Device& device);
// Errc::corrupt if it is none.
[[nodiscard]] Result<Device> from_record(std::string_view record);

}  // namespace berth::hub_server
