// What Mosquitto's dynamic-security plugin answers, or whoever publishes in its place.
#include "shared/json/dynamic_security_json.hpp"
#include "tests/fuzz/input.hpp"

using namespace berth;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = as_text({data, size});
  json::DynamicSecurityJson codec;
  (void)codec.read_replies(text);
  if (const auto object = codec.read_object(text)) {
    const auto again = codec.read_object(*object);
    fuzz::require(again && *again == *object);
  }
  return 0;
}
