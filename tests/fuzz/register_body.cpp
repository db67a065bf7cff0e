// The JSON that a device registers with (device API 1.2).
#include <string>

#include "shared/json/device_json.hpp"
#include "tests/fuzz/input.hpp"

using namespace berth;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  json::DpsBodyCodec codec;
  const auto body = codec.read_register(as_text({data, size}));
  fuzz::require(body || !body.error().reason.empty());
  return 0;
}
