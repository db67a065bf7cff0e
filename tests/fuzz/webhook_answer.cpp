// What a webhook of custom allocation answers, or what stands in its place.
#include <string>

#include "shared/json/allocation_json.hpp"
#include "tests/fuzz/input.hpp"

using namespace berth;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto answer = json::read_allocation_answer(as_text({data, size}));
  if (!answer || answer->payload.empty()) return 0;
  // What goes to the device is one JSON object, and reading it again changes nothing.
  const auto again = json::read_allocation_answer("{\"payload\":" + answer->payload + "}");
  fuzz::require(again && again->payload == answer->payload);
  return 0;
}
