// IP addresses as text and bytes, and where they lead (design section 7). What may be called is
// judged here alone, at write time by the text that an admin enters and again by every address that
// is connected to.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>

#include "shared/base/result.hpp"

namespace berth {

using Address4 = std::array<std::uint8_t, 4>;
using Address6 = std::array<std::uint8_t, 16>;
using IpAddress = std::variant<Address4, Address6>;

enum class AddressScope : std::uint8_t {
  global,
  private_network,  // RFC 1918, unique local, shared (carrier-grade NAT), benchmarking
  loopback,         // this machine, however it is written
  forbidden,        // link-local, metadata services, multicast, reserved: nobody's to call
};

// An address that stands for an IPv4 address (mapped, compatible, NAT64, 6to4) leads where that
// leads.
[[nodiscard]] AddressScope scope_of(const IpAddress& address);

// Dotted quads without leading zeros, and RFC 4291 section 2.2 without a zone.
[[nodiscard]] std::optional<Address4> read_address4(std::string_view text);
[[nodiscard]] std::optional<Address6> read_address6(std::string_view text);
[[nodiscard]] std::optional<IpAddress> read_address(std::string_view text);

// A block of addresses: "10.0.0.0/8", "fd00::/8", or one address.
class AddressBlock {
 public:
  // Errc::invalid.
  static Result<AddressBlock> parse(std::string_view text);
  [[nodiscard]] bool contains(const IpAddress& address) const;

 private:
  IpAddress base_;
  unsigned prefix_ = 0;  // bits
};

}  // namespace berth
