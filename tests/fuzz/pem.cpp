// PEM files that admins upload and operators name in configurations.
#include "shared/crypto/pem.hpp"

#include <string>

#include "tests/fuzz/input.hpp"

using namespace berth;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = as_text({data, size});
  if (const auto chain = crypto::read_pem_certificates(text)) {
    std::string written;
    for (const Bytes& der : *chain) {
      written += crypto::write_pem("CERTIFICATE", der);
    }
    fuzz::require(crypto::read_pem_certificates(written) == chain);
  }
  (void)crypto::read_pem_private_key(text);
  return 0;
}
