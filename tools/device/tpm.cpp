#include "tools/device/tpm.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <tss2/tss2_esys.h>
#include <tss2/tss2_mu.h>
#include <tss2/tss2_tctildr.h>
#include <utility>

#include "shared/base/encoding.hpp"
#include "shared/domain/attestation/tpm_authentication_key.hpp"

namespace berth::device {
namespace {

// Device API 4.4.
constexpr TPM2_HANDLE kEndorsementHandle = 0x81010001;
constexpr TPM2_HANDLE kRootHandle = 0x81000001;
constexpr TPM2_HANDLE kIdentityHandle = 0x81000100;
// TCG EK Credential Profile, section 2.2.1.4: where the certificate of an RSA 2048 key is.
constexpr TPM2_HANDLE kEndorsementCertificate = 0x01C00002;
// What every TPM gives in one read, and the largest certificate that is looked for.
constexpr UINT16 kNvChunk = 512;
constexpr UINT16 kMaxNvCertificate = 4096;
constexpr TPMA_OBJECT kEndorsementAttributes =
    TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT | TPMA_OBJECT_SENSITIVEDATAORIGIN |
    TPMA_OBJECT_ADMINWITHPOLICY | TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_DECRYPT;
constexpr TPMA_OBJECT kRootAttributes =
    TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT | TPMA_OBJECT_SENSITIVEDATAORIGIN |
    TPMA_OBJECT_USERWITHAUTH | TPMA_OBJECT_NODA | TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_DECRYPT;
// PolicySecret of the endorsement hierarchy.
constexpr std::array<std::uint8_t, 32> kEndorsementPolicy{
    0x83, 0x71, 0x97, 0x67, 0x44, 0x84, 0xB3, 0xF8, 0x1A, 0x90, 0xCC, 0x8D, 0x46, 0xA5, 0xD7, 0x24,
    0xFD, 0x52, 0xD7, 0x6E, 0x06, 0x52, 0x0B, 0x64, 0xF2, 0xA1, 0xDA, 0x1B, 0x33, 0x14, 0x69, 0xAA};

Error failed(const char* what, TSS2_RC code, Errc as = Errc::io) {
  const Bytes number{
      static_cast<std::uint8_t>(code >> 24U), static_cast<std::uint8_t>(code >> 16U & 0xFFU),
      static_cast<std::uint8_t>(code >> 8U & 0xFFU), static_cast<std::uint8_t>(code & 0xFFU)};
  return Error{as, std::string("the TPM did not ") + what + " (0x" + to_hex(number) + ")"};
}

struct FreedByEsys {
  void operator()(void* memory) const { Esys_Free(memory); }
};
template <class T>
using Owned = std::unique_ptr<T, FreedByEsys>;

// Receives what ESYS allocates.
template <class T>
class Out {
 public:
  explicit Out(Owned<T>& into) : into_(into) {}
  Out(const Out&) = delete;
  Out& operator=(const Out&) = delete;
  ~Out() { into_.reset(given_); }
  operator T**() { return &given_; }  // NOLINT: implicit

 private:
  Owned<T>& into_;
  T* given_ = nullptr;
};

// One TPM2B of the blob, as libtss2 has it.
template <class T, class Unmarshal>
bool read_part(const Bytes& part, T& into, Unmarshal unmarshal) {
  std::size_t offset = 0;
  return unmarshal(part.data(), part.size(), &offset, &into) == TSS2_RC_SUCCESS &&
         offset == part.size();
}

TPM2B_PUBLIC template_of(TPMA_OBJECT attributes, ByteView policy) {
  TPM2B_PUBLIC out{};
  TPMT_PUBLIC& area = out.publicArea;
  area.type = TPM2_ALG_RSA;
  area.nameAlg = TPM2_ALG_SHA256;
  area.objectAttributes = attributes;
  area.authPolicy.size = static_cast<UINT16>(policy.size());
  std::copy(policy.begin(), policy.end(), area.authPolicy.buffer);
  TPMS_RSA_PARMS& rsa = area.parameters.rsaDetail;
  rsa.symmetric.algorithm = TPM2_ALG_AES;
  rsa.symmetric.keyBits.aes = 128;
  rsa.symmetric.mode.aes = TPM2_ALG_CFB;
  rsa.scheme.scheme = TPM2_ALG_NULL;
  rsa.keyBits = 2048;
  return out;
}

class EsysTpm final : public Tpm {
 public:
  EsysTpm() = default;
  EsysTpm(const EsysTpm&) = delete;
  EsysTpm& operator=(const EsysTpm&) = delete;
  ~EsysTpm() override {
    Esys_Finalize(&esys_);
    Tss2_TctiLdr_Finalize(&tcti_);
  }

  Result<void> start(const std::string& tcti) {
    TSS2_RC code = Tss2_TctiLdr_Initialize(tcti.c_str(), &tcti_);
    if (code == TSS2_RC_SUCCESS) code = Esys_Initialize(&esys_, tcti_, nullptr);
    if (code != TSS2_RC_SUCCESS) return failed("answer", code, Errc::unavailable);
    // A simulator may not have been started; a machine's chip has.
    code = Esys_Startup(esys_, TPM2_SU_CLEAR);
    if (code != TSS2_RC_SUCCESS && code != TPM2_RC_INITIALIZE) {
      return failed("start", code, Errc::unavailable);
    }
    if (auto made = open_key(ESYS_TR_RH_ENDORSEMENT, kEndorsementHandle,
                             template_of(kEndorsementAttributes, kEndorsementPolicy), endorsement_);
        !made) {
      return made;
    }
    if (auto made =
            open_key(ESYS_TR_RH_OWNER, kRootHandle, template_of(kRootAttributes, {}), root_);
        !made) {
      return made;
    }
    // Opened once: ESYS does not forget what it saw under a handle.
    auto identity = persistent(kIdentityHandle);
    if (!identity) return identity.error();
    identity_ = *identity;
    certificate_ = read_certificate();
    return {};
  }

  const Bytes& endorsement_key() const override { return endorsement_.shown; }
  const Bytes& storage_root_key() const override { return root_.shown; }
  const Bytes& endorsement_certificate() const override { return certificate_; }

  Result<void> activate(ByteView blob) override {
    const auto parts = domain::parse_tpm_blob(blob);
    if (!parts) return parts.error();
    TPM2B_DATA wrap_key{};
    if (auto activated = activate_credential(*parts, wrap_key); !activated) return activated;
    auto loaded = import(*parts, wrap_key);
    wipe({wrap_key.buffer, sizeof wrap_key.buffer});
    if (!loaded) return loaded.error();
    auto replaced = replace_identity(*loaded);
    Esys_FlushContext(esys_, *loaded);
    return replaced;
  }

  Result<Bytes> sign(ByteView data) override {
    if (data.size() > kMaxSigned) {
      return Error{Errc::too_large, "the TPM signs no more than 1024 bytes at once"};
    }
    if (!identity_) return Error{Errc::not_found, "the TPM has no identity key yet"};
    TPM2B_MAX_BUFFER buffer{};
    buffer.size = static_cast<UINT16>(data.size());
    std::copy(data.begin(), data.end(), buffer.buffer);
    Owned<TPM2B_DIGEST> digest;
    const TSS2_RC code = Esys_HMAC(esys_, *identity_, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE,
                                   &buffer, TPM2_ALG_SHA256, Out(digest));
    if (code != TSS2_RC_SUCCESS) return failed("sign", code);
    return to_bytes(ByteView(digest->buffer, digest->size));
  }

 private:
  struct Key {
    ESYS_TR handle = ESYS_TR_NONE;
    Bytes shown;
  };

  // Whether the TPM has a key, or an index, under the handle.
  Result<bool> has(TPM2_HANDLE handle) {
    TPMI_YES_NO more = 0;
    Owned<TPMS_CAPABILITY_DATA> found;
    TSS2_RC code = Esys_GetCapability(esys_, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
                                      TPM2_CAP_HANDLES, handle, 1, &more, Out(found));
    if (code != TSS2_RC_SUCCESS) return failed("list its keys", code);
    const TPML_HANDLE& handles = found->data.handles;
    return handles.count > 0 && handles.handle[0] == handle;
  }

  // None: nothing is there.
  Result<std::optional<ESYS_TR>> persistent(TPM2_HANDLE handle) {
    const auto there = has(handle);
    if (!there) return there.error();
    if (!*there) return std::optional<ESYS_TR>();
    ESYS_TR object = ESYS_TR_NONE;
    const TSS2_RC code =
        Esys_TR_FromTPMPublic(esys_, handle, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &object);
    if (code != TSS2_RC_SUCCESS) return failed("open a persistent key", code);
    return std::optional<ESYS_TR>(object);
  }

  // Not every chip has one, and some guard theirs: whoever needs it will miss it. Makers leave room
  // behind it.
  Bytes read_certificate() {
    const auto index = persistent(kEndorsementCertificate);
    if (!index || !*index) return {};
    Owned<TPM2B_NV_PUBLIC> area;
    Owned<TPM2B_NAME> name;
    if (Esys_NV_ReadPublic(esys_, **index, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, Out(area),
                           Out(name)) != TSS2_RC_SUCCESS) {
      return {};
    }
    Bytes certificate;
    const UINT16 size = std::min(area->nvPublic.dataSize, kMaxNvCertificate);
    while (certificate.size() < size) {
      const auto offset = static_cast<UINT16>(certificate.size());
      const auto wanted = std::min<UINT16>(kNvChunk, static_cast<UINT16>(size - offset));
      Owned<TPM2B_MAX_NV_BUFFER> part;
      const TSS2_RC code = Esys_NV_Read(esys_, **index, **index, ESYS_TR_PASSWORD, ESYS_TR_NONE,
                                        ESYS_TR_NONE, wanted, offset, Out(part));
      if (code != TSS2_RC_SUCCESS || part->size != wanted) return {};
      append(certificate, ByteView(part->buffer, part->size));
    }
    cut_to_der(certificate);
    return certificate;
  }

  // X.690 section 8.1.3: a certificate's length is in two bytes. What is none is left as it is.
  static void cut_to_der(Bytes& certificate) {
    constexpr std::size_t kHeader = 4;
    if (certificate.size() < kHeader || certificate[0] != 0x30 || certificate[1] != 0x82) return;
    const std::size_t length =
        kHeader + (static_cast<std::size_t>(certificate[2]) << 8U | certificate[3]);
    if (length < certificate.size()) certificate.resize(length);
  }

  Result<void> open_key(ESYS_TR hierarchy, TPM2_HANDLE handle, const TPM2B_PUBLIC& as, Key& into) {
    auto there = persistent(handle);
    if (!there) return there.error();
    if (!*there) {
      if (auto made = make_key(hierarchy, handle, as); !made) return made;
      there = persistent(handle);
      if (!there) return there.error();
      if (!*there) return Error{Errc::io, "the TPM does not keep its new key"};
    }
    into.handle = **there;
    Owned<TPM2B_PUBLIC> shown;
    Owned<TPM2B_NAME> name;
    Owned<TPM2B_NAME> qualified;
    const TSS2_RC code = Esys_ReadPublic(esys_, into.handle, ESYS_TR_NONE, ESYS_TR_NONE,
                                         ESYS_TR_NONE, Out(shown), Out(name), Out(qualified));
    if (code != TSS2_RC_SUCCESS) return failed("show a key", code);
    Bytes bytes(sizeof(TPM2B_PUBLIC));
    std::size_t size = 0;
    if (Tss2_MU_TPM2B_PUBLIC_Marshal(shown.get(), bytes.data(), bytes.size(), &size) !=
        TSS2_RC_SUCCESS) {
      return Error{Errc::io, "the TPM shows a key that can't be written"};
    }
    bytes.resize(size);
    into.shown = std::move(bytes);
    return {};
  }

  Result<void> make_key(ESYS_TR hierarchy, TPM2_HANDLE handle, const TPM2B_PUBLIC& as) {
    const TPM2B_SENSITIVE_CREATE no_secret{};
    const TPM2B_DATA no_info{};
    const TPML_PCR_SELECTION no_pcrs{};
    ESYS_TR object = ESYS_TR_NONE;
    Owned<TPM2B_PUBLIC> shown;
    Owned<TPM2B_CREATION_DATA> creation;
    Owned<TPM2B_DIGEST> digest;
    Owned<TPMT_TK_CREATION> ticket;
    TSS2_RC code = Esys_CreatePrimary(esys_, hierarchy, ESYS_TR_PASSWORD, ESYS_TR_NONE,
                                      ESYS_TR_NONE, &no_secret, &as, &no_info, &no_pcrs, &object,
                                      Out(shown), Out(creation), Out(digest), Out(ticket));
    if (code != TSS2_RC_SUCCESS) return failed("make a key", code);
    ESYS_TR kept = ESYS_TR_NONE;
    code = Esys_EvictControl(esys_, ESYS_TR_RH_OWNER, object, ESYS_TR_PASSWORD, ESYS_TR_NONE,
                             ESYS_TR_NONE, handle, &kept);
    Esys_FlushContext(esys_, object);
    if (code != TSS2_RC_SUCCESS) return failed("keep a key", code);
    Esys_TR_Close(esys_, &kept);
    return {};
  }

  // The wrap key, which is given away only while the storage root key is loaded.
  Result<void> activate_credential(const domain::TpmAuthenticationKey& parts,
                                   TPM2B_DATA& wrap_key) {
    TPM2B_ID_OBJECT credential{};
    TPM2B_ENCRYPTED_SECRET seed{};
    if (!read_part(parts.credential_blob, credential, Tss2_MU_TPM2B_ID_OBJECT_Unmarshal) ||
        !read_part(parts.credential_seed, seed, Tss2_MU_TPM2B_ENCRYPTED_SECRET_Unmarshal)) {
      return Error{Errc::malformed, "the authentication key holds no credential"};
    }
    // What the endorsement key's policy asks for.
    const TPMT_SYM_DEF no_encryption{.algorithm = TPM2_ALG_NULL, .keyBits = {}, .mode = {}};
    ESYS_TR session = ESYS_TR_NONE;
    TSS2_RC code = Esys_StartAuthSession(esys_, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
                                         ESYS_TR_NONE, ESYS_TR_NONE, nullptr, TPM2_SE_POLICY,
                                         &no_encryption, TPM2_ALG_SHA256, &session);
    if (code != TSS2_RC_SUCCESS) return failed("open a session", code);
    Owned<TPM2B_TIMEOUT> timeout;
    Owned<TPMT_TK_AUTH> ticket;
    Owned<TPM2B_DIGEST> activated;
    code = Esys_PolicySecret(esys_, ESYS_TR_RH_ENDORSEMENT, session, ESYS_TR_PASSWORD, ESYS_TR_NONE,
                             ESYS_TR_NONE, nullptr, nullptr, nullptr, 0, Out(timeout), Out(ticket));
    if (code == TSS2_RC_SUCCESS) {
      code = Esys_ActivateCredential(esys_, root_.handle, endorsement_.handle, ESYS_TR_PASSWORD,
                                     session, ESYS_TR_NONE, &credential, &seed, Out(activated));
    }
    // A session ends with the command that used it, or here.
    if (code != TSS2_RC_SUCCESS) {
      Esys_FlushContext(esys_, session);
      return failed("activate the credential", code, Errc::forbidden);
    }
    Esys_FlushContext(esys_, session);
    if (activated->size != ports::kAes128KeySize) {
      return Error{Errc::malformed, "the credential is no AES-128 key"};
    }
    wrap_key.size = activated->size;
    std::copy_n(activated->buffer, activated->size, wrap_key.buffer);
    wipe({activated->buffer, activated->size});
    return {};
  }

  // The key under the storage root key, loaded.
  Result<ESYS_TR> import(const domain::TpmAuthenticationKey& parts, const TPM2B_DATA& wrap_key) {
    TPM2B_PUBLIC area{};
    TPM2B_PRIVATE duplicate{};
    TPM2B_ENCRYPTED_SECRET seed{};
    if (!read_part(parts.public_area, area, Tss2_MU_TPM2B_PUBLIC_Unmarshal) ||
        !read_part(parts.duplicate, duplicate, Tss2_MU_TPM2B_PRIVATE_Unmarshal) ||
        !read_part(parts.duplication_seed, seed, Tss2_MU_TPM2B_ENCRYPTED_SECRET_Unmarshal)) {
      return Error{Errc::malformed, "the authentication key holds no key to import"};
    }
    TPMT_SYM_DEF_OBJECT inner{};
    inner.algorithm = TPM2_ALG_AES;
    inner.keyBits.aes = 128;
    inner.mode.aes = TPM2_ALG_CFB;
    Owned<TPM2B_PRIVATE> imported;
    TSS2_RC code = Esys_Import(esys_, root_.handle, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE,
                               &wrap_key, &area, &duplicate, &seed, &inner, Out(imported));
    if (code != TSS2_RC_SUCCESS) return failed("import the key", code, Errc::forbidden);
    ESYS_TR loaded = ESYS_TR_NONE;
    code = Esys_Load(esys_, root_.handle, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE,
                     imported.get(), &area, &loaded);
    if (code != TSS2_RC_SUCCESS) return failed("load the key", code, Errc::forbidden);
    return loaded;
  }

  Result<void> replace_identity(ESYS_TR loaded) {
    ESYS_TR kept = ESYS_TR_NONE;
    if (identity_) {
      const TSS2_RC code = Esys_EvictControl(esys_, ESYS_TR_RH_OWNER, *identity_, ESYS_TR_PASSWORD,
                                             ESYS_TR_NONE, ESYS_TR_NONE, kIdentityHandle, &kept);
      if (code != TSS2_RC_SUCCESS) return failed("remove its old identity key", code);
      identity_.reset();
    }
    const TSS2_RC code = Esys_EvictControl(esys_, ESYS_TR_RH_OWNER, loaded, ESYS_TR_PASSWORD,
                                           ESYS_TR_NONE, ESYS_TR_NONE, kIdentityHandle, &kept);
    if (code != TSS2_RC_SUCCESS) return failed("keep its identity key", code);
    identity_ = kept;
    return {};
  }

  TSS2_TCTI_CONTEXT* tcti_ = nullptr;
  ESYS_CONTEXT* esys_ = nullptr;
  Key endorsement_;
  Key root_;
  Bytes certificate_;
  std::optional<ESYS_TR> identity_;
};

}  // namespace

Result<std::shared_ptr<Tpm>> Tpm::open(const std::string& tcti) {
  auto tpm = std::make_shared<EsysTpm>();
  if (auto started = tpm->start(tcti); !started) return started.error();
  return std::shared_ptr<Tpm>(std::move(tpm));
}

}  // namespace berth::device
