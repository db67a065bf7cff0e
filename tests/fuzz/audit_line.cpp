// A line of an export of the audit log, as somebody gives it to `berth audit verify`.
#include "shared/json/audit_json.hpp"
#include "tests/fuzz/input.hpp"

using namespace berth;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = as_text({data, size});
  // There is one way to write a line: two lines that mean the same would have two hashes.
  if (const auto line = json::read_audit_line(text)) {
    fuzz::require(json::write_audit_line(*line) == text);
  }
  return 0;
}
