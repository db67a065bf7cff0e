// The X.509 vector of the service API (service API 12.3): CN=dev-x509-1, O=Example, C=US.
#pragma once

namespace berth::testing {

inline constexpr const char* kVectorPem =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBVzCB/6ADAgECAgUKCwwNDjAKBggqhkjOPQQDAjA0MRMwEQYDVQQDDApkZXYt\n"
    "eDUwOS0xMRAwDgYDVQQKDAdFeGFtcGxlMQswCQYDVQQGEwJVUzAeFw0yNjAxMDEw\n"
    "MDAwMDBaFw00NjAxMDEwMDAwMDBaMDQxEzARBgNVBAMMCmRldi14NTA5LTExEDAO\n"
    "BgNVBAoMB0V4YW1wbGUxCzAJBgNVBAYTAlVTMFkwEwYHKoZIzj0CAQYIKoZIzj0D\n"
    "AQcDQgAEXLg+B1SkY37+Xn3aYdLlfpo0ifu0Rf0YTOkLD/9DoEyN+IM6lCLXHvus\n"
    "odz7/LREWKgZG9HwgopmZAgjy1RdzDAKBggqhkjOPQQDAgNHADBEAiBvdpxtmG1L\n"
    "RfvSMqQuc6cItlbbC8K6TZ5qHUwuU0zIuwIgA6hfrym6ni8f/V4t7KTbV+KS104f\n"
    "pofBiYp2aryqo3U=\n"
    "-----END CERTIFICATE-----\n";

inline constexpr const char* kVectorInfo =
    R"({"info":{"subjectName":"CN=dev-x509-1, O=Example, C=US",)"
    R"("sha1Thumbprint":"3BBE1AE7958EEEBF5601673F81A09832DE51624E",)"
    R"("sha256Thumbprint":"21336CD456DE24DB439E1E1CB2FC7E41D655080D214072C1C3054A159F7C7C49",)"
    R"("issuerName":"CN=dev-x509-1, O=Example, C=US",)"
    R"("notBeforeUtc":"2026-01-01T00:00:00Z","notAfterUtc":"2046-01-01T00:00:00Z",)"
    R"("serialNumber":"0A0B0C0D0E","version":3}})";

}  // namespace berth::testing
