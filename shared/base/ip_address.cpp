#include "shared/base/ip_address.hpp"

#include <algorithm>
#include <span>
#include <string>
#include <vector>

#include "shared/base/text_parts.hpp"

namespace berth {
namespace {

using Octets = std::span<const std::uint8_t>;

// Groups of a part of an IPv6 address, as bytes.
bool read_groups(std::string_view text, std::vector<std::uint8_t>& bytes) {
  if (text.empty()) return true;
  const std::vector<std::string_view> groups = split(text, ':');
  for (std::size_t i = 0; i < groups.size(); ++i) {
    if (i + 1 == groups.size() && groups[i].find('.') != std::string_view::npos) {
      const auto tail = read_address4(groups[i]);
      if (!tail) return false;
      bytes.insert(bytes.end(), tail->begin(), tail->end());
      continue;
    }
    std::uint16_t group = 0;
    if (groups[i].size() > 4 || !read_number(groups[i], 16, group)) return false;
    bytes.push_back(static_cast<std::uint8_t>(group >> 8U));
    bytes.push_back(static_cast<std::uint8_t>(group & 0xFFU));
  }
  return bytes.size() <= Address6{}.size();
}

bool starts_with(Octets address, Octets prefix, unsigned bits) {
  for (unsigned i = 0; i < bits / 8; ++i) {
    if (address[i] != prefix[i]) return false;
  }
  const unsigned rest = bits % 8;
  if (rest == 0) return true;
  const auto mask = static_cast<std::uint8_t>(0xFFU << (8 - rest));
  return ((address[bits / 8] ^ prefix[bits / 8]) & mask) == 0;
}

Octets octets_of(const IpAddress& address) {
  return std::visit([](const auto& bytes) { return Octets(bytes); }, address);
}

struct Range4 {
  Address4 base;
  unsigned prefix;
  AddressScope scope;
};
// The IANA special-purpose registry (RFC 6890) as far as it is not global, the narrowest first, and
// the metadata services that clouds keep outside link-local addresses.
constexpr std::array<Range4, 13> kRanges4{{
    {{100, 100, 100, 200}, 32, AddressScope::forbidden},  // metadata
    {{168, 63, 129, 16}, 32, AddressScope::forbidden},    // metadata
    {{0, 0, 0, 0}, 8, AddressScope::loopback},            // "this host": connects to itself
    {{127, 0, 0, 0}, 8, AddressScope::loopback},
    {{10, 0, 0, 0}, 8, AddressScope::private_network},
    {{172, 16, 0, 0}, 12, AddressScope::private_network},
    {{192, 168, 0, 0}, 16, AddressScope::private_network},
    {{100, 64, 0, 0}, 10, AddressScope::private_network},
    {{198, 18, 0, 0}, 15, AddressScope::private_network},
    {{192, 0, 0, 0}, 24, AddressScope::forbidden},
    {{169, 254, 0, 0}, 16, AddressScope::forbidden},
    {{224, 0, 0, 0}, 4, AddressScope::forbidden},
    {{240, 0, 0, 0}, 4, AddressScope::forbidden},
}};

struct Range6 {
  std::array<std::uint8_t, 16> base;
  unsigned prefix;
  AddressScope scope;
};
constexpr std::array<Range6, 7> kRanges6{{
    {{0xFD, 0x00, 0x0E, 0xC2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x02, 0x54},
     128,
     AddressScope::forbidden},  // metadata
    {{0xFC}, 7, AddressScope::private_network},
    {{0xFE, 0xC0}, 10, AddressScope::private_network},  // site-local, as it was
    {{0x00, 0x64, 0xFF, 0x9B, 0x00, 0x01}, 48, AddressScope::private_network},
    {{0xFE, 0x80}, 10, AddressScope::forbidden},
    {{0xFF}, 8, AddressScope::forbidden},
    {{0x20, 0x01, 0x00, 0x00}, 32, AddressScope::forbidden},  // Teredo hides where it leads
}};

AddressScope scope_of4(const Address4& address) {
  for (const Range4& range : kRanges4) {
    if (starts_with(address, range.base, range.prefix)) return range.scope;
  }
  return AddressScope::global;
}

// The IPv4 address that an IPv6 address stands for.
std::optional<Address4> embedded(const Address6& address) {
  constexpr Address6 kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
  constexpr Address6 kCompatible{};
  constexpr Address6 kNat64{0x00, 0x64, 0xFF, 0x9B};
  constexpr Address6 k6to4{0x20, 0x02};
  if (starts_with(address, kMapped, 96) || starts_with(address, kCompatible, 96) ||
      starts_with(address, kNat64, 96)) {
    return Address4{address[12], address[13], address[14], address[15]};
  }
  if (starts_with(address, k6to4, 16)) {
    return Address4{address[2], address[3], address[4], address[5]};
  }
  return std::nullopt;
}

AddressScope scope_of6(const Address6& address) {
  if (const auto inner = embedded(address)) return scope_of4(*inner);
  for (const Range6& range : kRanges6) {
    if (starts_with(address, range.base, range.prefix)) return range.scope;
  }
  return AddressScope::global;
}

}  // namespace

AddressScope scope_of(const IpAddress& address) {
  if (const auto* four = std::get_if<Address4>(&address)) return scope_of4(*four);
  return scope_of6(*std::get_if<Address6>(&address));
}

std::optional<Address4> read_address4(std::string_view text) {
  const std::vector<std::string_view> parts = split(text, '.');
  Address4 address{};
  if (parts.size() != address.size()) return std::nullopt;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (parts[i].size() > 1 && parts[i].front() == '0') return std::nullopt;
    if (!read_number(parts[i], 10, address[i])) return std::nullopt;
  }
  return address;
}

std::optional<Address6> read_address6(std::string_view text) {
  Address6 address{};
  std::vector<std::uint8_t> head;
  std::vector<std::uint8_t> tail;
  const std::size_t gap = text.find("::");
  if (gap == std::string_view::npos) {
    if (!read_groups(text, head) || head.size() != address.size()) return std::nullopt;
  } else {
    if (!read_groups(text.substr(0, gap), head) || !read_groups(text.substr(gap + 2), tail)) {
      return std::nullopt;
    }
    if (head.size() + tail.size() >= address.size()) return std::nullopt;
  }
  std::copy(head.begin(), head.end(), address.begin());
  std::copy_backward(tail.begin(), tail.end(), address.end());
  return address;
}

std::optional<IpAddress> read_address(std::string_view text) {
  if (const auto four = read_address4(text)) return IpAddress(*four);
  if (const auto six = read_address6(text)) return IpAddress(*six);
  return std::nullopt;
}

Result<AddressBlock> AddressBlock::parse(std::string_view text) {
  const Error wrong{Errc::invalid, std::string(text) + " is no block of IP addresses"};
  const std::size_t slash = text.find('/');
  const auto base = read_address(text.substr(0, slash));
  if (!base) return wrong;
  AddressBlock block;
  block.base_ = *base;
  const auto bits = static_cast<unsigned>(octets_of(*base).size() * 8);
  block.prefix_ = bits;
  if (slash != std::string_view::npos &&
      (!read_number(text.substr(slash + 1), 10, block.prefix_) || block.prefix_ > bits)) {
    return wrong;
  }
  return block;
}

bool AddressBlock::contains(const IpAddress& address) const {
  IpAddress judged = address;
  // "::ffff:10.0.0.1" is in "10.0.0.0/8".
  if (const auto* six = std::get_if<Address6>(&address); six != nullptr && base_.index() == 0) {
    const auto inner = embedded(*six);
    if (inner) judged = *inner;
  }
  return judged.index() == base_.index() &&
         starts_with(octets_of(judged), octets_of(base_), prefix_);
}

}  // namespace berth
