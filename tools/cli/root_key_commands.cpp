// Where a node keeps its root key. These work on the node's own folder, with the node stopped; no
// coordinator is called.
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <string>
#include <system_error>

#include "shared/crypto/tss2/tpm_key_sealer.hpp"
#include "shared/crypto/wolfssl/wolfssl.hpp"
#include "shared/runtime/system.hpp"
#include "shared/store/root_key_file.hpp"
#include "tools/cli/commands.hpp"

namespace berth::cli {
namespace {

constexpr std::size_t kMaxRecoveryKey = 256;

struct Tools {
  std::unique_ptr<ports::Crypto> crypto = crypto::make_wolfssl_crypto();
  std::unique_ptr<ports::KeySealer> sealer;
};

Result<Tools> open_tools(const RootKeyOptions& o) {
  Tools tools;
  auto sealer = crypto::open_tpm_key_sealer(o.tpm.empty() ? crypto::kDefaultTcti : o.tpm);
  if (!sealer) return sealer.error();
  tools.sealer = std::move(*sealer);
  return tools;
}

// The one time that it is shown.
Output with_recovery_key(ports::Crypto& crypto, const vault::RootKey& key) {
  const SecretBytes text = vault::write_root_key(crypto, key);
  std::string_view line = as_text(text.reveal());
  line.remove_suffix(1);
  boost::json::object shown;
  shown["rootKey"] = key.origin;
  shown["recoveryKey"] = line;
  return Output{std::move(shown),
                {},
                "Write the recovery key down and keep it away from this machine: it is shown once, "
                "and opens the data where this machine's TPM no longer can."};
}

}  // namespace

Result<Output> create_root_key(const RootKeyOptions& o) {
  const auto tools = open_tools(o);
  if (!tools) return tools.error();
  std::error_code failed;
  std::filesystem::create_directories(o.data_dir, failed);
  if (failed) return Error{Errc::io, o.data_dir + ": " + failed.message()};
  for (const auto& entry : std::filesystem::directory_iterator(o.data_dir, failed)) {
    if (entry.path().extension() == ".db") {
      return Error{Errc::conflict, entry.path().string() +
                                       " can be read with its own root key only; move it away to "
                                       "begin anew, or `berth root-key seal` the key it has"};
    }
  }
  runtime::SystemEntropy entropy;
  const auto key =
      store::create_sealed_root_key(o.data_dir, *tools->crypto, entropy, *tools->sealer);
  if (!key) return key.error();
  return with_recovery_key(*tools->crypto, *key);
}

Result<Output> seal_root_key(const RootKeyOptions& o) {
  const auto tools = open_tools(o);
  if (!tools) return tools.error();
  const auto key = store::seal_root_key(o.data_dir, *tools->crypto, *tools->sealer);
  if (!key) return key.error();
  return with_recovery_key(*tools->crypto, *key);
}

Result<Output> unseal_root_key(const RootKeyOptions& o) {
  const auto tools = open_tools(o);
  if (!tools) return tools.error();
  const auto key = store::unseal_root_key(o.data_dir, *tools->crypto, *tools->sealer);
  if (!key) return key.error();
  return Output{boost::json::object{{"rootKey", key->origin}}, {}, {}};
}

Result<Output> recover_root_key(const RootKeyOptions& o) {
  const auto tools = open_tools(o);
  if (!tools) return tools.error();
  // Never from the command line, which other users of the machine can read.
  Bytes typed(kMaxRecoveryKey);
  if (o.recovery_key_file.empty() || o.recovery_key_file == "-") {
    std::cin.getline(reinterpret_cast<char*>(typed.data()), kMaxRecoveryKey);
  } else {
    std::ifstream file(o.recovery_key_file);
    if (!file) return Error{Errc::io, "cannot read " + o.recovery_key_file};
    file.getline(reinterpret_cast<char*>(typed.data()), kMaxRecoveryKey);
  }
  std::size_t length = 0;
  while (length + 1 < typed.size() && typed[length] != 0) ++length;
  typed[length] = '\n';
  const SecretBytes text(std::move(typed));
  const auto key = store::recover_root_key(o.data_dir, as_text(text.reveal().first(length + 1)),
                                           *tools->crypto, *tools->sealer);
  if (!key) return key.error();
  return Output{boost::json::object{{"rootKey", key->origin}}, {}, {}};
}

}  // namespace berth::cli
