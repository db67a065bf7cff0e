// MQTT packets as they come off a socket, however they are cut.
#include "shared/protocol/mqtt/codec.hpp"
#include "tests/fuzz/input.hpp"

using namespace berth;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  mqtt::Decoder decoder;
  while (!input.at_end()) {
    decoder.feed(input.take(input.byte()));
    while (auto packet = decoder.next()) {
      if (!packet->has_value()) {
        return 0;
      }
      // What was understood can be said again, in the same bytes.
      const Bytes encoded = mqtt::encode(**packet);
      mqtt::Decoder another;
      another.feed(encoded);
      const auto again = another.next();
      fuzz::require(again && again->has_value() && mqtt::encode(**again) == encoded);
    }
  }
  return 0;
}
