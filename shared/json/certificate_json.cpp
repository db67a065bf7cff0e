#include "shared/json/certificate_json.hpp"

#include "shared/base/encoding.hpp"

namespace berth::json {

boost::json::object certificate_info(const ports::Certificate& certificate) {
  boost::json::object info;
  info["subjectName"] = certificate.subject_text;
  info["sha1Thumbprint"] = to_upper_hex(certificate.sha1);
  info["sha256Thumbprint"] = to_upper_hex(certificate.sha256);
  info["issuerName"] = certificate.issuer_text;
  info["notBeforeUtc"] = to_iso8601_seconds(certificate.not_before);
  info["notAfterUtc"] = to_iso8601_seconds(certificate.not_after);
  info["serialNumber"] = to_upper_hex(certificate.serial);
  info["version"] = certificate.version;
  return info;
}

}  // namespace berth::json
