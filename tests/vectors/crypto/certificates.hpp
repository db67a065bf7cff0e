// Certificates with known fields, in base64 of their DER.
#pragma once

#include <string_view>

namespace berth::vectors {

// Service API 12.3: self-signed, CN=dev-x509-1, O=Example, C=US, no extensions.
inline constexpr std::string_view kServiceApiCertificate =
    "MIIBVzCB/6ADAgECAgUKCwwNDjAKBggqhkjOPQQDAjA0MRMwEQYDVQQDDApkZXYteDUwOS0xMRAw"
    "DgYDVQQKDAdFeGFtcGxlMQswCQYDVQQGEwJVUzAeFw0yNjAxMDEwMDAwMDBaFw00NjAxMDEwMDAw"
    "MDBaMDQxEzARBgNVBAMMCmRldi14NTA5LTExEDAOBgNVBAoMB0V4YW1wbGUxCzAJBgNVBAYTAlVT"
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEXLg+B1SkY37+Xn3aYdLlfpo0ifu0Rf0YTOkLD/9D"
    "oEyN+IM6lCLXHvusodz7/LREWKgZG9HwgopmZAgjy1RdzDAKBggqhkjOPQQDAgNHADBEAiBvdpxt"
    "mG1LRfvSMqQuc6cItlbbC8K6TZ5qHUwuU0zIuwIgA6hfrym6ni8f/V4t7KTbV+KS104fpofBiYp2"
    "aryqo3U=";

// Device API 11, V9: self-signed, CN=dps-vector-01, a CA.
inline constexpr std::string_view kDeviceApiCertificate =
    "MIIBdDCCARmgAwIBAgICEjQwCgYIKoZIzj0EAwIwGDEWMBQGA1UEAwwNZHBzLXZlY3Rvci0wMTAe"
    "Fw0yNjExMjMwMjMzNTdaFw0zNjExMjAwMjMzNTdaMBgxFjAUBgNVBAMMDWRwcy12ZWN0b3ItMDEw"
    "WTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAATtLg3lOYj/HD1rrvDKhglgi4ux3NsJsj3uyvws1GQc"
    "GlyHXjm1gkFFp7vZsI7segATw6659AcNBLpEBjeqWI9Qo1MwUTAdBgNVHQ4EFgQUnR/Fz8kDnaUw"
    "qMLyJjWO+2XLQJswHwYDVR0jBBgwFoAUnR/Fz8kDnaUwqMLyJjWO+2XLQJswDwYDVR0TAQH/BAUw"
    "AwEB/zAKBggqhkjOPQQDAgNJADBGAiEApBQTYxLBxJpBUGsHXzddeG/24e3iU0+v+m9wZ0xSOTYC"
    "IQC1Dm+0sHDTBx1xsK3oN53VZNltikRRXg/8xSlQKvBvdA==";

}  // namespace berth::vectors
