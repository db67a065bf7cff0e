// What needs a TPM is in tests/integration/root_key_tpm.test.mjs, with a real one in software.
#include "shared/crypto/tss2/tpm_key_sealer.hpp"

#include <string>

#include <CppUTest/TestHarness.h>

using namespace berth;

TEST_GROUP(TpmKeySealer){
    void refused(const std::string& tcti){const auto sealer = crypto::open_tpm_key_sealer(tcti);
CHECK_FALSE(sealer.has_value());
CHECK(sealer.error().code == Errc::io);
CHECK(sealer.error().reason.find(tcti) != std::string::npos);
}
}
;

TEST(TpmKeySealer, NamesTheWayOnWhichNoTpmAnswers) {
  refused("device:/nowhere/tpmrm0");
  refused("swtpm:path=/nowhere/tpm.sock");
}

TEST(TpmKeySealer, RefusesAWayThatIsNone) {
  refused("no-such-way:at-all");
}
