// A file with what a device shows of itself, turned into the evidence of an explain request. Four
// forms are taken: certificates in PEM, leaf first; a SAS token; a JSON object as the API takes it;
// and a JSON object with the device's symmetric key, of which a token is made here. The key itself
// is not sent.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include <boost/json/object.hpp>

#include "shared/base/result.hpp"

namespace berth::cli {

inline constexpr std::size_t kMaxEvidenceFile = 256 * 1024;

struct EvidenceSubject {
  std::string registration_id;
  // Of the tenant; asked for where a token is made and the file names none.
  std::function<Result<std::string>()> id_scope;
  std::int64_t now = 0;  // Unix seconds
};

// Errc::io, Errc::too_large or Errc::invalid, with what to do; no text holds what the file does.
[[nodiscard]] Result<boost::json::object> read_evidence_file(const std::string& path,
                                                             const EvidenceSubject& subject);

}  // namespace berth::cli
