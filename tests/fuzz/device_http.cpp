// A device's HTTP request: method, target, headers and body, a line each.
#include <string>
#include <variant>

#include "gateway/core/device/http.hpp"
#include "shared/json/device_json.hpp"
#include "tests/fuzz/input.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/fake_entropy.hpp"

using namespace berth;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  http::Request request;
  request.method = input.line();
  request.target = input.line();
  for (std::string_view line = input.line(); !line.empty(); line = input.line()) {
    const std::size_t colon = line.find(':');
    if (colon != std::string_view::npos) {
      request.headers.set(std::string(line.substr(0, colon)), std::string(line.substr(colon + 1)));
    }
  }
  request.body = input.text();

  json::DpsBodyCodec codec;
  testing::FakeClock clock;
  testing::FakeEntropy entropy;
  const gateway::DeviceHttp device_http(codec, clock, entropy);
  const auto read = device_http.read(request, {{}, "192.0.2.7"}, 1);
  if (const auto* refusal = std::get_if<gateway::HttpRefusal>(&read)) {
    fuzz::require(refusal->response.status >= 400 && refusal->response.status < 600);
    fuzz::require(!refusal->reason.empty());
  }
  return 0;
}
