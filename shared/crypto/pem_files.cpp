#include "shared/crypto/pem_files.hpp"

#include <fstream>
#include <iterator>
#include <utility>

#include "shared/crypto/pem.hpp"

namespace berth::crypto {
namespace {

Result<std::string> read_text(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  if (!stream) {
    return Error{Errc::io, path + " can't be read: does it exist, and may this user read it?"};
  }
  return std::string(std::istreambuf_iterator<char>(stream), {});
}

}  // namespace

Result<std::vector<Bytes>> read_certificate_file(const std::string& path) {
  const auto text = read_text(path);
  if (!text) return text.error();
  auto certificates = read_pem_certificates(*text);
  if (!certificates) return Error{Errc::malformed, path + " holds no PEM certificate"};
  return std::move(*certificates);
}

Result<SecretBytes> read_private_key_file(const std::string& path) {
  auto text = read_text(path);
  if (!text) return text.error();
  auto key = read_pem_private_key(*text);
  wipe({reinterpret_cast<std::uint8_t*>(text->data()), text->size()});
  if (!key) return Error{key.error().code, path + ": " + key.error().reason};
  return key;
}

Result<ports::TlsIdentity> read_identity_files(const std::string& certificate_path,
                                               const std::string& key_path) {
  auto chain = read_certificate_file(certificate_path);
  if (!chain) return chain.error();
  auto key = read_private_key_file(key_path);
  if (!key) return key.error();
  return ports::TlsIdentity{std::move(*chain), std::move(*key)};
}

std::vector<Bytes> read_machine_trust() {
  auto certificates = read_certificate_file(kMachineTrustFile);
  return certificates ? std::move(*certificates) : std::vector<Bytes>{};
}

}  // namespace berth::crypto
