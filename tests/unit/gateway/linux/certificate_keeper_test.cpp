#include "gateway/linux/certificate_keeper.hpp"

#include <CppUTest/TestHarness.h>

using namespace berth;
using gateway::is_due;
using gateway::next_look;

TEST_GROUP(CertificateKeeper) {
  ports::Certificate certificate_;

  void setup() override {
    certificate_.not_before = from_unix_seconds(1767225600);
    certificate_.not_after = certificate_.not_before + std::chrono::hours{90};
  }
  bool is_due_after(std::chrono::seconds age) const {
    return is_due(certificate_, certificate_.not_before + age);
  }
};

TEST(CertificateKeeper, RenewsAtTwoThirdsOfTheLifetime) {
  CHECK_FALSE(is_due_after(std::chrono::hours{0}));
  CHECK_FALSE(is_due_after(std::chrono::hours{60} - std::chrono::seconds{1}));
  CHECK(is_due_after(std::chrono::hours{60}));
  CHECK(is_due_after(std::chrono::hours{100}));
}

TEST(CertificateKeeper, DoesNotRenewOneThatIsNotValidYet) {
  CHECK_FALSE(is_due_after(-std::chrono::hours{1}));
}

TEST(CertificateKeeper, RenewsOneThatCannotBeRead) {
  CHECK(is_due(Error{Errc::malformed, "no certificate"}, from_unix_seconds(1767225600)));
}

TEST(CertificateKeeper, LooksAgainWhenACertificateIsDue) {
  const auto after = [this](std::chrono::seconds age) {
    return next_look(certificate_, certificate_.not_before + age);
  };
  CHECK(after(std::chrono::hours{1}) == gateway::kLongestCertificatePause);
  CHECK(after(std::chrono::hours{60} - std::chrono::seconds{90}) == std::chrono::seconds{90});
  certificate_.not_after = certificate_.not_before + std::chrono::seconds{60};
  CHECK(after(std::chrono::seconds{39}) == std::chrono::seconds{1});
  // Due, and not renewed yet: many more tries before the end, but no storm.
  CHECK(after(std::chrono::seconds{40}) == std::chrono::seconds{2});
  certificate_.not_after = certificate_.not_before + std::chrono::seconds{15};
  CHECK(after(std::chrono::seconds{12}) == gateway::kShortestCertificatePause);
}
