#include "shared/crypto/tls/alert.hpp"

#include <CppUTest/TestHarness.h>

namespace berth::crypto::tls {
namespace {

TEST_GROUP(Alert){};

TEST(Alert, IsNamed) {
  STRCMP_EQUAL("the peer ended the connection: unknown_ca (alert 48)",
               describe_peer_alert(48).c_str());
}

TEST(Alert, KeepsItsNumberIfUnknown) {
  STRCMP_EQUAL("the peer ended the connection: unknown alert (alert 255)",
               describe_peer_alert(255).c_str());
}

}  // namespace
}  // namespace berth::crypto::tls
