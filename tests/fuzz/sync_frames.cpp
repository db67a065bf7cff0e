// Frames between gateway and coordinator, however they are cut.
#include "shared/protocol/sync/frames.hpp"
#include "tests/fuzz/input.hpp"

using namespace berth;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  sync::FrameReader reader;
  while (!input.at_end()) {
    reader.feed(input.take(input.byte()));
    while (auto message = reader.next()) {
      if (!message->has_value()) {
        return 0;
      }
      const Bytes frame = sync::encode_frame(**message);
      sync::FrameReader another;
      another.feed(frame);
      const auto again = another.next();
      fuzz::require(again && again->has_value() && sync::encode_frame(**again) == frame);
    }
  }
  return 0;
}
