// The certificate that a maker's CA issued to kEndorsementKey (keys.hpp), and that CA's own, both
// made once with Python's cryptography by the TCG EK Credential Profile and valid from 2020 to
// 2049.
#pragma once

#include <string_view>

namespace berth::vectors {

// DER, base64.
inline constexpr std::string_view kTpmMakerCertificate =
    "MIIBOTCB4KADAgECAgEBMAoGCCqGSM49BAMCMBQxEjAQBgNVBAMMCVRQTSBtYWtlcjAeFw0yMDAxMDEwMDAwMDBaFw00"
    "OTEyMzEwMDAwMDBaMBQxEjAQBgNVBAMMCVRQTSBtYWtlcjBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABH/63YTz1Fdg"
    "5JZRAEuRuJJXrXqmy4BDoOF0/Z3ted89XG/tnd6wJN5d0k9iI07+es/AJHJnzpLeVDAAvV3t78KjIzAhMA8GA1UdEwEB"
    "/wQFMAMBAf8wDgYDVR0PAQH/BAQDAgEGMAoGCCqGSM49BAMCA0gAMEUCIDbxviPGzSzkm/fWe7yxtCuwjQZF0r6WEYv7"
    "uiUhes+5AiEAl3IaazwkKPE40drH+sac8gPAbe0jwekf1sXFoVKT920=";
inline constexpr std::string_view kEndorsementCertificate =
    "MIICWDCCAf6gAwIBAgIBAjAKBggqhkjOPQQDAjAUMRIwEAYDVQQDDAlUUE0gbWFrZXIwHhcNMjAwMTAxMDAwMDAwWhcN"
    "NDkxMjMxMDAwMDAwWjAAMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAwYX+gewMqWQIpLZAzAnMUMhZZjqD"
    "ypWAxZmmRfIUkLnpCjB8HpPbJoSJjqsS/h/EWUEFRcWLCjECFlP7jgIdZydVa9rtCUYSYUskqod+5Nk2M3BhdQWE+IMT"
    "MKbQUakzu/snm5w5M0I8HnNj2LHJba7k589lKccqEag6TDsTMXNrXyvKs/kXe9sae0kg6+VJA0p5YTxI4LvoRFtN+qyI"
    "t9Vcb8zW1AlSt72KNCUWPchzeoe6HnQRAJrxqmeUg03r0p1eGXNz0eD8+2O6/GqZcB2ZBLx7KLTbxVZrG8zO88lYQxSb"
    "56sZPoiJ3Ww2zhgY+W27lv/bZRsKTX3RLSxPpwIDAQABo4GJMIGGMAwGA1UdEwEB/wQCMAAwDgYDVR0PAQH/BAQDAgUg"
    "MBAGA1UdJQQJMAcGBWeBBQgBMFQGA1UdEQEB/wRKMEikRjBEMRYwFAYFZ4EFAgEMC2lkOjQ5NDY1ODAwMRIwEAYFZ4EF"
    "AgIMB1NMQjk2NzAxFjAUBgVngQUCAwwLaWQ6MDAwNzAwM0YwCgYIKoZIzj0EAwIDSAAwRQIgWdpCmx4f1DKDgyXuaidZ"
    "8cflMjS4ds5xge/cRi7OW2ACIQCIc3PlVKpDdLoVto/y+m0rAFAzlsme0NHl9s0l6pkMsA==";

}  // namespace berth::vectors
