// The endpoint's side of AMQP for the tests of the device's: qpid-proton as a server, which
// accepts, rejects, detaches or refuses as it is told.
#pragma once

#include <string>
#include <vector>

#include "shared/runtime/tls_stream.hpp"

namespace berth::testing {

struct ProtonEndpoint {
  // What it does.
  bool requires_sasl = true;
  std::string mechanisms = "PLAIN";
  bool accepts_credentials = true;
  std::string reject_with;          // not empty: the description of rejected requests
  std::string detach_with;          // not empty: the description with which the links are closed
  bool answers_with_value = false;  // an amqp-value section in place of a Data section
  std::string first_answer;         // sent first, under another correlation ID
  std::string register_answer;
  std::string poll_answer;

  // What it saw.
  std::vector<std::string> credentials;  // initial responses of SASL
  std::vector<std::string> addresses;    // of the links, as they were attached
  std::vector<std::string> api_versions;
  struct Request {
    std::string operation_type;
    std::string operation_id;
    bool force = false;
    std::string body;
  };
  std::vector<Request> requests;

  runtime::Task<void> serve(runtime::TlsStream& stream);
};

}  // namespace berth::testing
