#include "shared/domain/attestation/tpm_wire.hpp"

#include <CppUTest/TestHarness.h>

#include "shared/base/encoding.hpp"

namespace berth::domain {
namespace {

TEST_GROUP(TpmWire){};

TEST(TpmWire, WritesBigEndian) {
  Bytes out;
  append_u16(out, 0x0102);
  append_u32(out, 0x03040506);
  append_sized(out, Bytes{7, 8});
  STRCMP_EQUAL("01020304050600020708", to_hex(out).c_str());
  STRCMP_EQUAL("0000", to_hex(sized({})).c_str());
}

TEST(TpmWire, ReadsWhatItWrote) {
  const Bytes bytes = from_hex("01020304050600020708").value();
  TpmReader in(bytes);
  CHECK(in.u16() == 0x0102);
  CHECK(in.u32() == 0x03040506U);
  const auto content = in.sized(2);
  CHECK(content.has_value());
  CHECK(to_bytes(*content) == (Bytes{7, 8}));
  CHECK(in.at_end());
}

TEST(TpmWire, ASizeOnePastTheLimitIsNothing) {
  const Bytes bytes = from_hex("00020708").value();
  CHECK(TpmReader(bytes).sized(2).has_value());
  CHECK_FALSE(TpmReader(bytes).sized(1).has_value());
}

TEST(TpmWire, ASizePastTheEndIsNothing) {
  const Bytes bytes = from_hex("00030708").value();
  CHECK_FALSE(TpmReader(bytes).sized(100).has_value());
}

TEST(TpmWire, NothingIsReadAfterAMissingPart) {
  const Bytes bytes = from_hex("010203").value();
  TpmReader in(bytes);
  CHECK_FALSE(in.u32().has_value());
  CHECK_FALSE(in.u16().has_value());
  CHECK_FALSE(in.sized(10).has_value());
}

}  // namespace
}  // namespace berth::domain
