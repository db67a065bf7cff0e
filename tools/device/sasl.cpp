#include "tools/device/sasl.hpp"

#include <string>

namespace berth::device {
namespace {

class PlainMechanism final : public SaslMechanism {
 public:
  explicit PlainMechanism(SecretBytes response) : response_(std::move(response)) {}

  const char* name() const override { return "PLAIN"; }
  SecretBytes initial_response() override { return response_; }
  Result<SecretBytes> respond(ByteView) override {
    return Error{Errc::malformed, "the endpoint challenged PLAIN, which has no challenges"};
  }

 private:
  SecretBytes response_;
};

}  // namespace

std::unique_ptr<SaslMechanism> make_plain_mechanism(std::string_view user,
                                                    std::string_view password) {
  Bytes response;
  response.push_back(0);
  response.insert(response.end(), user.begin(), user.end());
  response.push_back(0);
  response.insert(response.end(), password.begin(), password.end());
  return std::make_unique<PlainMechanism>(SecretBytes(std::move(response)));
}

}  // namespace berth::device
