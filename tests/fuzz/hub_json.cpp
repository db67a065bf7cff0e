// Whatever a hub, or what stands in its place, answers.
#include "shared/json/hub_json.hpp"

#include "tests/fuzz/input.hpp"

using namespace berth;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = as_text({data, size});
  json::IotHubBodyCodec codec;
  (void)codec.read_bulk_answer(text);
  (void)codec.read_identity(text);
  hub::DesiredIdentity identity;
  if (const auto changed = codec.with_credential(text, identity); changed && *changed) {
    fuzz::require(codec.with_credential(**changed, identity).has_value());
  }
  // Disabling takes effect, and once is enough.
  if (const auto changed = codec.disabled(text); changed && *changed) {
    const auto again = codec.disabled(**changed);
    fuzz::require(again && !*again);
  }
  if (const auto twin = codec.read_twin(text)) {
    fuzz::require(codec.read_twin(codec.write_twin(*twin)).has_value());
  }
  return 0;
}
