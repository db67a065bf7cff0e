// Shared-access-signature tokens (device API 1.7).
#include "shared/protocol/sas_token.hpp"

#include "tests/fuzz/input.hpp"

using namespace berth;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto token = protocol::parse_sas_token(as_text({data, size}));
  if (!token) {
    fuzz::require(!token.error().reason.empty());
    return 0;
  }
  fuzz::require(size <= protocol::kMaxSasTokenLength);
  (void)protocol::decoded_resource(*token);
  (void)protocol::covers(*token, "0ne00lab001/registrations/edge-gw.01");
  return 0;
}
