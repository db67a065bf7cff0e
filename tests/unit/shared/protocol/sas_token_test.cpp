#include "shared/protocol/sas_token.hpp"

#include <string>

#include <CppUTest/TestHarness.h>

#include "shared/base/encoding.hpp"
#include "tests/support/fake_crypto.hpp"

using namespace berth;
using namespace berth::protocol;

namespace {

// Service API 12.1.
constexpr std::string_view kK1 =
    "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyAhIiMkJSYnKCkqKywtLi8wMTIzNDU2Nzg5Ojs8PT4/QA==";
constexpr std::string_view kK2 =
    "QD8+PTw7Ojk4NzY1NDMyMTAvLi0sKyopKCcmJSQjIiEgHx4dHBsaGRgXFhUUExIREA8ODQwLCgkIBwYFBAMCAQ==";
constexpr std::string_view kTokenA =
    "SharedAccessSignature sr=mydps.example.test&sig=itWku6znpBWmcVcEvtfA31iu9bJYuLv98DO%2BhbVvMLw%"
    "3D&se=1767225600&skn=provisioningserviceowner";
constexpr std::string_view kTokenB =
    "SharedAccessSignature "
    "sr=mydps.example.test&sig=bud9VT6IiG%2FSVsZwjZf1HCxUaWQoucys0vV17%2FCwKzg"
    "%3D&se=1767225600&skn=provisioningserviceowner";
constexpr std::string_view kTokenC =
    "SharedAccessSignature "
    "sr=mydps.example.test%2Fenrollments&sig=4tFtSZpK6YfwqSt5pqXr12Gg7qSzAyVPm%2BdHJaxoSIw%3D&se="
    "1767225600&skn=enrollmentwriter";
constexpr std::string_view kSig = "itWku6znpBWmcVcEvtfA31iu9bJYuLv98DO%2BhbVvMLw%3D";

SecretBytes key(std::string_view base64) {
  return SecretBytes(*from_base64(base64));
}

SasToken parsed(std::string_view text) {
  auto token = parse_sas_token(text);
  CHECK_TRUE(token.has_value());
  return *token;
}

std::string replaced(std::string_view text, std::string_view from, std::string_view to) {
  std::string result(text);
  result.replace(result.find(from), from.size(), to);
  return result;
}

void check_refused(std::string_view text) {
  auto token = parse_sas_token(text);
  CHECK_FALSE(token.has_value());
  if (!token) CHECK_TRUE(token.error().code == Errc::unauthorized);
}

}  // namespace

TEST_GROUP(SasToken) {
  testing::FakeCrypto crypto;

  bool fits(std::string_view text, std::string_view with) {
    return signature_fits(parsed(text), key(with), crypto);
  }
  // A token whose signature is given in plain base64.
  bool fits(std::string_view sr, std::string_view se, std::string_view sig, std::string_view with) {
    const std::string text = "SharedAccessSignature sr=" + std::string(sr) +
                             "&sig=" + percent_encode(sig) + "&se=" + std::string(se);
    return fits(text, with);
  }
};

TEST(SasToken, ServiceVectorsFitTheirKeyAndNoOther) {
  CHECK_TRUE(fits(kTokenA, kK1));
  CHECK_FALSE(fits(kTokenA, kK2));
  CHECK_TRUE(fits(kTokenB, kK2));
  CHECK_FALSE(fits(kTokenB, kK1));
  CHECK_TRUE(fits(kTokenC, kK1));
  CHECK_TRUE(fits("mydps.example.test", "1767225600",
                  "itWku6znpBWmcVcEvtfA31iu9bJYuLv98DO+hbVvMLw=", kK1));
  CHECK_TRUE(fits("hub-a.example.test", "1767225600",
                  "PgxZF/SfrRQqb4f9Tzz1HJlLHw1NjJtjlaJm4CZC+Do=", kK1));
  CHECK_TRUE(fits("0ne00000A0A%2Fregistrations%2Fdev-1", "1767225600",
                  "PWsF4YP3SZf5YuhkO8cz87fn6AiXAQgeh2Uw547Hwws=", kK1));
  CHECK_TRUE(fits("hub-a.example.test%2Fdevices%2Fdev-1", "1767225600",
                  "6Gq2uIYpEfMWVKeLuVOoQnAdqGIpZotV1sFSc00h9Pc=", kK1));
}

TEST(SasToken, OneChangedCharacterOfTheSignatureDoesNotFit) {
  CHECK_FALSE(fits(replaced(kTokenA, "sig=i", "sig=j"), kK1));
}

TEST(SasToken, ARaisedExpiryDoesNotFit) {
  CHECK_FALSE(fits(replaced(kTokenA, "1767225600", "1767225601"), kK1));
}

TEST(SasToken, TheResourceIsSignedAsItWasSentAndNotDecoded) {
  CHECK_FALSE(fits(replaced(kTokenC, "%2F", "/"), kK1));
  // Device API V3: one resource, three spellings, three signatures.
  constexpr std::string_view kKey = "c3ltbWV0cmljLWtleS1mb3ItdGhlLWxhYi10ZXN0cw==";
  constexpr std::string_view kPlain = "D+pXsYKoS9P3rIvPv4l1CRYv2v7Bt0b3NcplSMAUxng=";
  constexpr std::string_view kUpper = "UuE+5ufo4uOVfdkNtxKf1GU0hs6EmWXK/AtZSdAoSxg=";
  constexpr std::string_view kLower = "DxuT02QpKFAyixkvPT9OyH7G7WUlMapLa3iwhbtKjLQ=";
  CHECK_TRUE(fits("0ne00LAB001/registrations/edge-gw.01", "1900000000", kPlain, kKey));
  CHECK_TRUE(fits("0ne00LAB001%2Fregistrations%2Fedge-gw.01", "1900000000", kUpper, kKey));
  CHECK_TRUE(fits("0ne00LAB001%2fregistrations%2fedge-gw.01", "1900000000", kLower, kKey));
  CHECK_FALSE(fits("0ne00LAB001%2Fregistrations%2Fedge-gw.01", "1900000000", kPlain, kKey));
  CHECK_FALSE(fits("0ne00LAB001%2fregistrations%2fedge-gw.01", "1900000000", kUpper, kKey));
}

TEST(SasToken, MicrosoftsSampleFitsTheScopeThatWasSignedAndNotTheOnePrinted) {
  // Device API V2.
  constexpr std::string_view kKey =
      "18RQk/hOPJR9EbsJlk2j8WA6vWaj/yi+oaYg7zmxfQNdOyMSu+SJ8O7TSlZhDJCYmn4rzEiVKIzNiVAWjLxrGA==";
  constexpr std::string_view kPublished = "eNwg52xQdFTNf7bgPAlAJBCIcONivq/ck1lf3wtxI4A=";
  CHECK_TRUE(
      fits("0ne003D3F98%2Fregistrations%2Fmy-symkey-device", "1663952627", kPublished, kKey));
  CHECK_FALSE(
      fits("0ne00111111%2Fregistrations%2Fmy-symkey-device", "1663952627", kPublished, kKey));
  CHECK_TRUE(fits("0ne00111111%2Fregistrations%2Fmy-symkey-device", "1663952627",
                  "8VPprb8BiTkuVE0hBqHm/SVrzVpdD8VZcXugntdbhuU=", kKey));
}

TEST(SasToken, ATokenSignedByATpmFits) {
  // Device API V8; the key is the bytes 80 to 9f.
  Bytes bytes;
  for (unsigned value = 0x80; value < 0xA0; ++value)
    bytes.push_back(static_cast<std::uint8_t>(value));
  CHECK_TRUE(fits("0ne00LAB001%2fregistrations%2fx", "1900000000",
                  "Tt+lWzcBj+yITDBdp2bTeutmWuwagQOxgaLiINvm4ik=", to_base64(bytes)));
}

TEST(SasToken, FieldsComeInAnyOrder) {
  const std::string sig(kSig);
  for (const std::string& text : {
           "SharedAccessSignature sig=" + sig + "&se=1767225600&skn=x&sr=mydps.example.test",
           "SharedAccessSignature skn=x&sr=mydps.example.test&se=1767225600&sig=" + sig,
           "sharedaccesssignature se=1767225600&sr=mydps.example.test&skn=x&sig=" + sig,
       }) {
    CHECK_TRUE(fits(text, kK1));
    CHECK_TRUE(parsed(text).key_name == "x");
  }
}

TEST(SasToken, ThePolicyMayBeEmptyOrAbsent) {
  CHECK_TRUE(parsed(replaced(kTokenA, "&skn=provisioningserviceowner", "&skn=")).key_name.empty());
  CHECK_TRUE(parsed(replaced(kTokenA, "&skn=provisioningserviceowner", "")).key_name.empty());
}

TEST(SasToken, ASignatureWithPlainBase64OrLowerCaseEscapesIsRead) {
  CHECK_TRUE(fits(replaced(kTokenA, "%3D", "="), kK1));
  CHECK_TRUE(fits(replaced(kTokenA, "%2B", "%2b"), kK1));
}

TEST(SasToken, WhatIsNotATokenIsUnauthorized) {
  check_refused("");
  check_refused("SharedAccessSignature");
  check_refused("SharedAccessSignature ");
  check_refused("Bearer sr=a&sig=b&se=1");
  check_refused(replaced(kTokenA, "sr=mydps.example.test&", ""));
  check_refused(replaced(kTokenA, "sr=mydps.example.test&", "sr=&"));
  check_refused(replaced(kTokenA, "&se=1767225600", ""));
  check_refused(replaced(kTokenA, "&sig=" + std::string(kSig), ""));
  check_refused(replaced(kTokenA, "%3D", "%3"));
  check_refused(replaced(kTokenA, "&skn=provisioningserviceowner", "&skn"));
  check_refused(replaced(kTokenA, "&skn=", "&sku="));
  check_refused(replaced(kTokenA, "provisioningserviceowner", "%zz"));
}

TEST(SasToken, ARepeatedFieldIsRefused) {
  for (const std::string_view field : {"&sr=x", "&se=1", "&sig=x", "&skn=x"}) {
    check_refused(std::string(kTokenA) + std::string(field));
  }
}

TEST(SasToken, TheExpiryIsDigitsThatFitANumber) {
  for (const std::string_view expiry : {"", "-1", "+1", " 1", "1.5", "1e9", "0x10", "abc",
                                        "9223372036854775808", "99999999999999999999"}) {
    check_refused(replaced(kTokenA, "1767225600", expiry));
  }
  CHECK_TRUE(parsed(replaced(kTokenA, "1767225600", "9223372036854775807")).expiry ==
             9223372036854775807);
}

TEST(SasToken, ASignatureOfAnotherLengthIsRefused) {
  check_refused(replaced(kTokenA, kSig, percent_encode(to_base64(Bytes(31, 7)))));
  check_refused(replaced(kTokenA, kSig, percent_encode(to_base64(Bytes(33, 7)))));
  check_refused(replaced(kTokenA, kSig, ""));
}

TEST(SasToken, TheLongestTokenIsReadAndOneByteMoreIsNot) {
  const std::string tail = replaced(kTokenA, "mydps.example.test", "");
  const std::string longest =
      replaced(tail, "sr=", "sr=" + std::string(kMaxSasTokenLength - tail.size(), 'a'));
  CHECK_EQUAL(kMaxSasTokenLength, longest.size());
  CHECK_TRUE(parse_sas_token(longest).has_value());
  check_refused(longest + "x");
}

TEST(SasToken, TheResourceCoversWholeSegmentsWhateverTheCase) {
  const SasToken host = parsed(kTokenA);
  CHECK_TRUE(covers(host, "mydps.example.test/enrollments/x"));
  CHECK_TRUE(covers(host, "MyDps.Example.Test"));
  CHECK_FALSE(covers(host, "mydps.example.test.evil/enrollments"));
  CHECK_FALSE(covers(host, "mydps.example"));
  const SasToken path = parsed(kTokenC);
  CHECK_TRUE(covers(path, "mydps.example.test/enrollments"));
  CHECK_TRUE(covers(path, "mydps.example.test/enrollments/x"));
  CHECK_TRUE(covers(path, "mydps.example.test/enrollments/query"));
  CHECK_FALSE(covers(path, "mydps.example.test/enrollmentGroups/x"));
  CHECK_FALSE(covers(path, "mydps.example.test/enrollmentsX"));
  CHECK_FALSE(covers(path, "mydps.example.test"));
}

TEST(SasToken, AResourceOfSlashesOrBrokenEscapesCoversNothing) {
  CHECK_FALSE(covers(parsed(replaced(kTokenA, "sr=mydps.example.test", "sr=%2F")), "/"));
  const SasToken broken = parsed(replaced(kTokenA, "sr=mydps.example.test", "sr=a%2"));
  CHECK_FALSE(covers(broken, "a%2"));
  CHECK_FALSE(decoded_resource(broken).has_value());
}

TEST(SasToken, MadeTokensAreTheVectorsOnes) {
  CHECK_TRUE(make_sas_token("mydps.example.test", key(kK1), 1767225600, "provisioningserviceowner",
                            crypto) == kTokenA);
  CHECK_TRUE(make_sas_token("mydps.example.test/enrollments", key(kK1), 1767225600,
                            "enrollmentwriter", crypto) == kTokenC);
}

TEST(SasToken, AMadeTokenWithoutPolicyHasNone) {
  const std::string text = make_sas_token("hub/devices/d", key(kK1), 1, "", crypto);
  CHECK_TRUE(text.find("skn") == std::string::npos);
  const SasToken token = parsed(text);
  CHECK_TRUE(*decoded_resource(token) == "hub/devices/d");
  CHECK_TRUE(signature_fits(token, key(kK1), crypto));
}

TEST(SasToken, ATokenThatATpmSignsIsTheSame) {
  const SecretBytes key = SecretBytes::copy_of(as_bytes("sixteen bytes it"));
  const protocol::UnsignedSasToken token("0ne00LAB001/registrations/a:b", 1900000000,
                                         "registration");
  STRCMP_EQUAL("0ne00LAB001%2Fregistrations%2Fa%3Ab\n1900000000", token.text().c_str());
  STRCMP_EQUAL(protocol::make_sas_token("0ne00LAB001/registrations/a:b", key, 1900000000,
                                        "registration", crypto)
                   .c_str(),
               token.finish(crypto.hmac_sha256(key.reveal(), as_bytes(token.text()))).c_str());
}

TEST(SasToken, ExpiryAllowsForTheSkewAndNoMore) {
  const SasToken token = parsed(kTokenA);
  const WallTime expiry = from_unix_seconds(1767225600);
  CHECK_FALSE(is_expired(token, expiry));
  CHECK_FALSE(is_expired(token, expiry + kSasClockSkew));
  CHECK_TRUE(is_expired(token, expiry + kSasClockSkew + std::chrono::seconds{1}));
  CHECK_TRUE(is_expired(token, expiry + std::chrono::seconds{1}, std::chrono::seconds{0}));
}
