#include "tools/device/output.hpp"

#include <algorithm>

#include <boost/json.hpp>

#include "shared/base/encoding.hpp"
#include "shared/domain/attestation/tpm_registration_id.hpp"
#include "tools/device/tpm.hpp"

namespace berth::device {

namespace json = boost::json;

std::int64_t whole_milliseconds(std::chrono::microseconds time) {
  return std::chrono::round<std::chrono::milliseconds>(time).count();
}

std::string line_of(const Report& report) {
  json::object line;
  line["registrationId"] = report.registration_id;
  line["milliseconds"] = whole_milliseconds(report.took);
  if (!report.outcome) {
    line["status"] = "error";
    line["message"] = report.outcome.error().reason;
  } else if (report.outcome->assigned) {
    line["status"] = "assigned";
    line["assignedHub"] = report.outcome->hub;
    line["deviceId"] = report.outcome->device_id;
    line["substatus"] = report.outcome->substatus;
    if (!report.outcome->hub_token.empty()) line["hubToken"] = report.outcome->hub_token;
    if (!report.outcome->payload.empty()) {
      line["payload"] = json::parse(report.outcome->payload);  // a JSON text, from read_answer()
    }
  } else {
    line["status"] = "refused";
    line["errorCode"] = report.outcome->error_code;
    line["message"] = report.outcome->message;
  }
  return json::serialize(line);
}

std::string line_of(const Tpm& tpm, ports::Crypto& crypto) {
  json::object line;
  line["registrationId"] = domain::tpm_registration_id(tpm.endorsement_key(), crypto);
  line["endorsementKey"] = to_base64(tpm.endorsement_key());
  line["storageRootKey"] = to_base64(tpm.storage_root_key());
  line["endorsementKeyHash"] = to_hex(crypto.sha256(tpm.endorsement_key()));
  if (!tpm.endorsement_certificate().empty()) {
    line["endorsementKeyCertificate"] = to_base64(tpm.endorsement_certificate());
  }
  return json::serialize(line);
}

std::string line_of(const Summary& summary, std::size_t devices, std::chrono::microseconds took) {
  json::object line;
  line["devices"] = devices;
  line["registrations"] = summary.registrations;
  line["assigned"] = summary.assigned;
  line["totalMilliseconds"] = whole_milliseconds(took);
  line["perSecond"] = static_cast<std::int64_t>(summary.assigned) * 1'000'000 /
                      std::max<std::int64_t>(1, took.count());
  line["milliseconds"] = {{"p50", whole_milliseconds(summary.percentile(50))},
                          {"p90", whole_milliseconds(summary.percentile(90))},
                          {"p99", whole_milliseconds(summary.percentile(99))},
                          {"max", whole_milliseconds(summary.percentile(100))}};
  json::object hubs;
  for (const auto& [hub, count] : summary.hubs) hubs[hub] = count;
  line["hubs"] = std::move(hubs);
  json::object errors;
  for (const auto& [error, count] : summary.errors) errors[error] = count;
  line["errors"] = std::move(errors);
  return json::serialize(line);
}

}  // namespace berth::device
