// A delivery note: the TPMs of a shipment, a row each, as CSV with a header (docs/attestation/
// tpm.md). The chip is named by endorsementKeyHash or endorsementKey; registrationId may give its
// device an ID. Other columns are the supplier's, and passed over.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "shared/base/result.hpp"

namespace berth::cli {

// A list as long as a group's may be, with whole keys and words of the supplier's.
inline constexpr std::size_t kMaxDeliveryNote = 32 * 1024 * 1024;

struct DeliveredTpm {
  std::uint64_t line = 0;  // where its row begins, from 1
  std::string name;        // by which people know it: the hash, or the beginning of the key
  boost::json::object item;
};

struct DeliveryRefusal {
  std::uint64_t line = 0;
  std::string name;
  std::string reason;
};

struct DeliveryNote {
  std::vector<DeliveredTpm> tpms;
  std::vector<DeliveryRefusal> refused;  // rows that name no TPM, or name it twice
};

// Errc::malformed for text that is no CSV, or has no column that names TPMs.
[[nodiscard]] Result<DeliveryNote> read_delivery_note(std::string_view text);

// A group's list, as /berth/v1 gives it, as a delivery note that admits the same chips elsewhere.
[[nodiscard]] Result<std::string> delivery_note_of(const boost::json::array& tpms);

// The refused rows, as CSV with a header.
[[nodiscard]] std::string refusals_as_csv(const std::vector<DeliveryRefusal>& refused);

}  // namespace berth::cli
