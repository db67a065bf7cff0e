#include "shared/crypto/tss2/tpm_key_sealer.hpp"

#include <algorithm>
#include <cstdlib>
#include <tss2/tss2_esys.h>
#include <tss2/tss2_mu.h>
#include <tss2/tss2_rc.h>
#include <tss2/tss2_tctildr.h>
#include <utility>

namespace berth::crypto {
namespace {

constexpr UINT16 kAesBits = 128;

// What libtss2 allocates for its caller.
struct Free {
  void operator()(void* memory) const { Esys_Free(memory); }
};
template <class T>
using Owned = std::unique_ptr<T, Free>;

Error tpm_error(Errc code, const std::string& what, TSS2_RC rc) {
  return {code, "the TPM could not " + what + ": " + Tss2_RC_Decode(rc)};
}

class Connection {
 public:
  Connection() = default;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() {
    if (esys_ != nullptr) Esys_Finalize(&esys_);
    if (tcti_ != nullptr) Tss2_TctiLdr_Finalize(&tcti_);
  }

  [[nodiscard]] Result<void> open(const std::string& tcti) {
    // libtss2 writes to stderr by itself, beside our log; what it has to say is in the reason.
    ::setenv("TSS2_LOG", "all+NONE", 0);
    TSS2_RC rc = Tss2_TctiLdr_Initialize(tcti.c_str(), &tcti_);
    if (rc == TSS2_RC_SUCCESS) rc = Esys_Initialize(&esys_, tcti_, nullptr);
    if (rc != TSS2_RC_SUCCESS) {
      return Error{Errc::io, "no TPM 2.0 answers at " + tcti + ": " + Tss2_RC_Decode(rc)};
    }
    return {};
  }
  [[nodiscard]] ESYS_CONTEXT* get() const { return esys_; }

 private:
  TSS2_TCTI_CONTEXT* tcti_ = nullptr;
  ESYS_CONTEXT* esys_ = nullptr;
};

// A key or session in the TPM, gone from it with this object.
class Handle {
 public:
  explicit Handle(ESYS_CONTEXT* esys) : esys_(esys) {}
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  ~Handle() {
    if (handle_ != ESYS_TR_NONE) (void)Esys_FlushContext(esys_, handle_);
  }
  [[nodiscard]] ESYS_TR* out() { return &handle_; }
  [[nodiscard]] ESYS_TR get() const { return handle_; }

 private:
  ESYS_CONTEXT* esys_;
  ESYS_TR handle_ = ESYS_TR_NONE;
};

// The storage root key on P-256 (TCG TPM v2.0 Provisioning Guidance, table 2).
TPM2B_PUBLIC storage_root_key() {
  TPM2B_PUBLIC key{};
  key.publicArea.type = TPM2_ALG_ECC;
  key.publicArea.nameAlg = TPM2_ALG_SHA256;
  key.publicArea.objectAttributes = TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_DECRYPT |
                                    TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT |
                                    TPMA_OBJECT_SENSITIVEDATAORIGIN | TPMA_OBJECT_USERWITHAUTH |
                                    TPMA_OBJECT_NODA;
  auto& ecc = key.publicArea.parameters.eccDetail;
  ecc.symmetric.algorithm = TPM2_ALG_AES;
  ecc.symmetric.keyBits.aes = kAesBits;
  ecc.symmetric.mode.aes = TPM2_ALG_CFB;
  ecc.scheme.scheme = TPM2_ALG_NULL;
  ecc.curveID = TPM2_ECC_NIST_P256;
  ecc.kdf.scheme = TPM2_ALG_NULL;
  return key;
}

TPM2B_PUBLIC sealed_data() {
  TPM2B_PUBLIC data{};
  data.publicArea.type = TPM2_ALG_KEYEDHASH;
  data.publicArea.nameAlg = TPM2_ALG_SHA256;
  data.publicArea.objectAttributes =
      TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT | TPMA_OBJECT_USERWITHAUTH | TPMA_OBJECT_NODA;
  data.publicArea.parameters.keyedHashDetail.scheme.scheme = TPM2_ALG_NULL;
  return data;
}

class TpmKeySealer final : public ports::KeySealer {
 public:
  [[nodiscard]] Result<void> open(const std::string& tcti) { return tpm_.open(tcti); }

  Result<Bytes> seal(const SecretBytes& secret) override {
    if (secret.empty() || secret.size() > ports::kMaxSealedSecret) {
      return Error{Errc::invalid, "a secret of this size cannot be sealed"};
    }
    Handle parent(tpm_.get());
    Handle session(tpm_.get());
    if (const auto begun = begin(parent, session); !begun) return begun.error();

    TPM2B_SENSITIVE_CREATE sensitive{};
    const ByteView bytes = secret.reveal();
    sensitive.sensitive.data.size = static_cast<UINT16>(bytes.size());
    std::copy(bytes.begin(), bytes.end(), sensitive.sensitive.data.buffer);
    const TPM2B_PUBLIC form = sealed_data();
    const TPM2B_DATA no_data{};
    const TPML_PCR_SELECTION no_pcrs{};
    TPM2B_PRIVATE* private_part = nullptr;
    TPM2B_PUBLIC* public_part = nullptr;
    const TSS2_RC rc = Esys_Create(tpm_.get(), parent.get(), session.get(), ESYS_TR_NONE,
                                   ESYS_TR_NONE, &sensitive, &form, &no_data, &no_pcrs,
                                   &private_part, &public_part, nullptr, nullptr, nullptr);
    wipe({sensitive.sensitive.data.buffer, sensitive.sensitive.data.size});
    const Owned<TPM2B_PRIVATE> owned_private(private_part);
    const Owned<TPM2B_PUBLIC> owned_public(public_part);
    if (rc != TSS2_RC_SUCCESS) return tpm_error(Errc::io, "seal the key", rc);

    Bytes sealed(ports::kMaxSealedBlob);
    std::size_t size = 0;
    TSS2_RC written =
        Tss2_MU_TPM2B_PUBLIC_Marshal(public_part, sealed.data(), sealed.size(), &size);
    if (written == TSS2_RC_SUCCESS) {
      written = Tss2_MU_TPM2B_PRIVATE_Marshal(private_part, sealed.data(), sealed.size(), &size);
    }
    if (written != TSS2_RC_SUCCESS) return tpm_error(Errc::io, "write what it sealed", written);
    sealed.resize(size);
    return sealed;
  }

  Result<SecretBytes> unseal(ByteView sealed) override {
    const Error damaged{Errc::wrong_key, "what should be a sealed key is not one"};
    if (sealed.size() > ports::kMaxSealedBlob) return damaged;
    TPM2B_PUBLIC public_part{};
    TPM2B_PRIVATE private_part{};
    std::size_t read = 0;
    if (Tss2_MU_TPM2B_PUBLIC_Unmarshal(sealed.data(), sealed.size(), &read, &public_part) !=
            TSS2_RC_SUCCESS ||
        Tss2_MU_TPM2B_PRIVATE_Unmarshal(sealed.data(), sealed.size(), &read, &private_part) !=
            TSS2_RC_SUCCESS ||
        read != sealed.size()) {
      return damaged;
    }
    Handle parent(tpm_.get());
    Handle session(tpm_.get());
    if (const auto begun = begin(parent, session); !begun) return begun.error();
    Handle loaded(tpm_.get());
    TSS2_RC rc = Esys_Load(tpm_.get(), parent.get(), session.get(), ESYS_TR_NONE, ESYS_TR_NONE,
                           &private_part, &public_part, loaded.out());
    if (rc != TSS2_RC_SUCCESS) {
      return tpm_error(
          Errc::wrong_key,
          "load the sealed key, which another machine's TPM sealed or which was altered", rc);
    }
    TPM2B_SENSITIVE_DATA* data = nullptr;
    rc = Esys_Unseal(tpm_.get(), loaded.get(), session.get(), ESYS_TR_NONE, ESYS_TR_NONE, &data);
    const Owned<TPM2B_SENSITIVE_DATA> owned(data);
    if (rc != TSS2_RC_SUCCESS) return tpm_error(Errc::io, "unseal the key", rc);
    SecretBytes secret = SecretBytes::copy_of(ByteView(data->buffer, data->size));
    wipe({data->buffer, data->size});
    return secret;
  }

 private:
  // The parent, and a session salted with it: who listens on the TPM's bus sees no secret.
  [[nodiscard]] Result<void> begin(Handle& parent, Handle& session) {
    const TPM2B_SENSITIVE_CREATE no_secret{};
    const TPM2B_PUBLIC form = storage_root_key();
    const TPM2B_DATA no_data{};
    const TPML_PCR_SELECTION no_pcrs{};
    TSS2_RC rc = Esys_CreatePrimary(tpm_.get(), ESYS_TR_RH_OWNER, ESYS_TR_PASSWORD, ESYS_TR_NONE,
                                    ESYS_TR_NONE, &no_secret, &form, &no_data, &no_pcrs,
                                    parent.out(), nullptr, nullptr, nullptr, nullptr);
    if (rc != TSS2_RC_SUCCESS) return tpm_error(Errc::io, "make its storage root key", rc);
    TPMT_SYM_DEF cipher{};
    cipher.algorithm = TPM2_ALG_AES;
    cipher.keyBits.aes = kAesBits;
    cipher.mode.aes = TPM2_ALG_CFB;
    rc = Esys_StartAuthSession(tpm_.get(), parent.get(), ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
                               ESYS_TR_NONE, nullptr, TPM2_SE_HMAC, &cipher, TPM2_ALG_SHA256,
                               session.out());
    if (rc != TSS2_RC_SUCCESS) return tpm_error(Errc::io, "begin a session", rc);
    constexpr TPMA_SESSION kAttributes =
        TPMA_SESSION_CONTINUESESSION | TPMA_SESSION_ENCRYPT | TPMA_SESSION_DECRYPT;
    rc = Esys_TRSess_SetAttributes(tpm_.get(), session.get(), kAttributes, kAttributes);
    if (rc != TSS2_RC_SUCCESS) return tpm_error(Errc::io, "encrypt its session", rc);
    return {};
  }

  Connection tpm_;
};

}  // namespace

Result<std::unique_ptr<ports::KeySealer>> open_tpm_key_sealer(const std::string& tcti) {
  auto sealer = std::make_unique<TpmKeySealer>();
  const auto opened = sealer->open(tcti);
  if (!opened) return opened.error();
  return std::unique_ptr<ports::KeySealer>(std::move(sealer));
}

}  // namespace berth::crypto
