// Groups of TPMs: the chips on a group's list (docs/attestation/tpm.md).
#pragma once

#include <string>

#include "shared/base/result.hpp"
#include "tools/cli/output.hpp"
#include "tools/cli/service_client.hpp"

namespace berth::cli {

struct TpmListOptions {
  std::string group;
  std::string file;    // the delivery note
  std::string report;  // where refused rows go; empty: they are shown only
  std::string hash;
  std::size_t top = 0;  // 0: all
};

// Puts the chips of a delivery note on a group's list, those that can be; shows which were refused,
// and why.
[[nodiscard]] Result<Output> import_tpms(ServiceClient& client, const TpmListOptions& o);
[[nodiscard]] Result<Output> export_tpms(ServiceClient& client, const TpmListOptions& o);
[[nodiscard]] Result<Output> list_tpms(ServiceClient& client, const TpmListOptions& o);
[[nodiscard]] Result<Output> remove_tpm(ServiceClient& client, const TpmListOptions& o);

}  // namespace berth::cli
