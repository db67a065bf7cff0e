// Keys of a TPM (device API 11, V4 and V5): the endorsement key and the storage root key that
// libtpms made by the templates of Microsoft's SDKs. The names and the registration ID were
// computed twice, in Python and in JavaScript.
#pragma once

#include <string_view>

namespace berth::vectors {

// TPM2B_PUBLIC, base64.
inline constexpr std::string_view kEndorsementKey =
    "AToAAQALAAMAsgAgg3GXZ0SEs/gakMyNRqXXJP1S124GUgtk8qHaGzMUaaoABgCAAEMAEAgAAAAAAAEAwYX+gewMqWQI"
    "pLZAzAnMUMhZZjqDypWAxZmmRfIUkLnpCjB8HpPbJoSJjqsS/h/EWUEFRcWLCjECFlP7jgIdZydVa9rtCUYSYUskqod+"
    "5Nk2M3BhdQWE+IMTMKbQUakzu/snm5w5M0I8HnNj2LHJba7k589lKccqEag6TDsTMXNrXyvKs/kXe9sae0kg6+VJA0p5"
    "YTxI4LvoRFtN+qyIt9Vcb8zW1AlSt72KNCUWPchzeoe6HnQRAJrxqmeUg03r0p1eGXNz0eD8+2O6/GqZcB2ZBLx7KLTb"
    "xVZrG8zO88lYQxSb56sZPoiJ3Ww2zhgY+W27lv/bZRsKTX3RLSxPpw==";
inline constexpr std::string_view kEndorsementKeyName =
    "000bd2d8571fab565edbba287224d93312a346f228304d16d411d73606f323c460bc";
inline constexpr std::string_view kEndorsementKeyRegistrationId =
    "v4sre63nedigmdrxnp56tqmqmj64xqiarkkinldlhvn2u6sv5i2a";

inline constexpr std::string_view kStorageRootKey =
    "ARoAAQALAAMEcgAAAAYAgABDABAIAAAAAAABALVQQJCk15PUnfpekDsKms2B8ft9iIzoPiSAz0n9oVS9IAHvL3DBv/sO"
    "f1H/EK2npszoUWKs9sMNjAyXMFwXRGLzGudpaLtu79G3zW4tzALWc4YsfY0wve4TIGCUbto0tmLQiqnE5mN1KZlbAeHN"
    "//o0nrsM7L1Zz4vC8iLZmto9XkzVaRmYpH8pB4o2xYwzoy6clTBDXB78IipBcEwhOFxRKqLhKyNCvKE9t8h/ky1lCVXX"
    "cmBz27NJThhFEKi1OYvHdQNe6GPo71AHFWuLs7nCkSYhKSyqSCPHRJLbTepjY9IfHYsXvsleOighN8qGmd4Yt8k/lpLR"
    "Qbelr2CAXY8=";
inline constexpr std::string_view kStorageRootKeyName =
    "000b5bea470ef29b3e633504963f4e17de9ead9d2fdec1de8172673cfeb1b07c4a93";

}  // namespace berth::vectors
