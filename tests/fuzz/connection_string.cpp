// Connection strings of admins and of linked hubs.
#include "shared/protocol/connection_string.hpp"

#include "tests/fuzz/input.hpp"

using namespace berth;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto read = protocol::parse_connection_string(as_text({data, size}));
  if (read) {
    const auto again = protocol::parse_connection_string(
        protocol::write_connection_string(read->host_name, read->key_name, read->key));
    fuzz::require(again && again->host_name == read->host_name &&
                  again->key_name == read->key_name);
  }
  return 0;
}
