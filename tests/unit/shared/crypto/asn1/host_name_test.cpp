#include "shared/crypto/asn1/host_name.hpp"

#include <CppUTest/TestHarness.h>

#include "tests/unit/shared/crypto/asn1/certificate_builder.hpp"

namespace berth::crypto::asn1 {
namespace {

using testing::CertificateBuilder;
using testing::der;
using testing::extension;
using testing::joined;
using namespace std::string_view_literals;

constexpr auto kSubjectAltName = "\x55\x1D\x11"sv;

Bytes dns(std::string_view name) {
  return der(tag::primitive(2), name);
}
Bytes ip(const Bytes& address) {
  return der(tag::primitive(7), address);
}

TEST_GROUP(HostName){static Bytes certificate(const Bytes& names){CertificateBuilder builder;
builder.extensions = joined({extension("\x55\x1D\x1E"sv, true, {}),
                             extension(kSubjectAltName, true, der(tag::kSequence, names))});
return builder.build();
}  // namespace
void check_fits(std::string_view pattern, const char* host) {
  CHECK_TEXT(certificate_names_host(certificate(dns(pattern)), host), host);
}
void check_does_not_fit(std::string_view pattern, const char* host) {
  CHECK_TEXT(!certificate_names_host(certificate(dns(pattern)), host), host);
}
};  // namespace berth::crypto::asn1

TEST(HostName, FitsWhateverTheCase) {
  check_fits("a.Example.com", "A.example.COM");
  check_fits("localhost", "localhost");
}

TEST(HostName, MayEndInADot) {
  check_fits("a.example.com", "a.example.com.");
}

TEST(HostName, AnotherDoesNotFit) {
  check_does_not_fit("a.example.com", "b.example.com");
  check_does_not_fit("a.example.com", "a.example.com.evil.com");
  check_does_not_fit("a.example.com", "example.com");
  check_does_not_fit("a.example.com\0.evil.com"sv, "a.example.com");
  check_does_not_fit("a.example.com", "");
  check_does_not_fit("", "");
  check_does_not_fit("", ".");
}

TEST(HostName, AWildcardStandsForOneLabel) {
  check_fits("*.example.com", "a.example.com");
  check_does_not_fit("*.example.com", "example.com");
  check_does_not_fit("*.example.com", ".example.com");
  check_does_not_fit("*.example.com", "a.b.example.com");
}

TEST(HostName, AWildcardStandsAloneAndBelowTwoLabels) {
  check_does_not_fit("*.com", "example.com");
  check_does_not_fit("*", "com");
  check_does_not_fit("a*.example.com", "ab.example.com");
  check_does_not_fit("a.*.example.com", "a.b.example.com");
}

TEST(HostName, AnAddressFitsByItsBytes) {
  const Bytes four = certificate(ip({192, 0, 2, 1}));
  CHECK(certificate_names_host(four, "192.0.2.1"));
  CHECK(!certificate_names_host(four, "192.0.2.2"));
  Bytes sixteen(16);
  sixteen[15] = 1;
  CHECK(certificate_names_host(certificate(ip(sixteen)), "::1"));
  CHECK(certificate_names_host(certificate(ip(sixteen)), "0:0:0:0:0:0:0:1"));
}

TEST(HostName, AnAddressIsNoName) {
  check_does_not_fit("192.0.2.1", "192.0.2.1");
  CHECK(!certificate_names_host(certificate(ip({'a', '.', 'b', 'c'})), "a.bc"));
}

TEST(HostName, AnyOfSeveralFits) {
  const Bytes several = certificate(joined({dns("a.example.com"), ip({1, 2, 3, 4}), dns("b.c")}));
  CHECK(certificate_names_host(several, "b.c"));
  CHECK(certificate_names_host(several, "1.2.3.4"));
}

TEST(HostName, WithoutAlternativeNamesNothingFits) {
  CHECK(!certificate_names_host(CertificateBuilder{}.build(), "localhost"));
}

TEST(HostName, WhatDoesNotParseFitsNothing) {
  CHECK(!certificate_names_host({}, "localhost"));
  CHECK(!certificate_names_host(certificate(Bytes{0x82, 0x7F}), "localhost"));
}

TEST(HostName, ParsesAddresses) {
  CHECK(parse_ip_address("10.0.0.1") == (Bytes{10, 0, 0, 1}));
  LONGS_EQUAL(16, parse_ip_address("2001:db8::1")->size());
  for (const char* text : {"", "10.0.0", "10.0.0.256", "localhost", ":::", "[::1]"}) {
    CHECK_TEXT(!parse_ip_address(text).has_value(), text);
  }
}

}  // namespace
}  // namespace berth::crypto::asn1
