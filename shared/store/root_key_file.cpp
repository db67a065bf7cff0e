#include "shared/store/root_key_file.hpp"

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace berth::store {
namespace {

// A whole key file is shorter; a longer one is refused by read_root_key().
constexpr std::size_t kMaxKeyFile = 256;
// So is a sealed one.
constexpr std::size_t kMaxSealedKeyFile = 2 * ports::kMaxSealedBlob + 256;

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  [[nodiscard]] int number() const { return number_; }
  [[nodiscard]] bool is_open() const { return number_ >= 0; }

 private:
  int number_;
};

Error io_error(const std::string& what, const std::string& path) {
  return {Errc::io, what + " " + path + ": " + std::strerror(errno)};
}

Result<SecretBytes> read_whole(const Descriptor& file, const std::string& path, std::size_t limit) {
  struct stat status {};
  if (::fstat(file.number(), &status) != 0) return io_error("cannot look at", path);
  if (!S_ISREG(status.st_mode)) return Error{Errc::wrong_key, path + " is not a file"};
  if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return Error{Errc::wrong_key, "others can read the root key in " + path + "; chmod 600 it"};
  }
  Bytes text(limit);
  std::size_t size = 0;
  while (size < text.size()) {
    const ssize_t count = ::read(file.number(), text.data() + size, text.size() - size);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return io_error("cannot read", path);
    if (count == 0) break;
    size += static_cast<std::size_t>(count);
  }
  text.resize(size);  // shrinking leaves the bytes where they are
  return SecretBytes(std::move(text));
}

Result<vault::RootKey> read_key(const Descriptor& file, const std::string& path,
                                ports::Crypto& crypto) {
  const auto text = read_whole(file, path, kMaxKeyFile);
  if (!text) return text.error();
  return vault::read_root_key(crypto, as_text(text->reveal()), path);
}

Result<void> write_whole(const Descriptor& file, ByteView bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(file.number(), bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return io_error("cannot write", path);
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
  if (::fsync(file.number()) != 0) return io_error("cannot flush", path);
  return {};
}

Result<void> flush_folder_of(const std::string& path) {
  auto folder = std::filesystem::path(path).parent_path();
  if (folder.empty()) folder = ".";
  const Descriptor opened(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!opened.is_open() || ::fsync(opened.number()) != 0) {
    return io_error("cannot flush", folder.string());
  }
  return {};
}

// The text is written beside its place and linked there when it is whole: a crash leaves no half
// key, and a key that appeared meanwhile is not overwritten.
Result<void> write_new(const std::string& path, ByteView text) {
  const std::string draft = path + ".new";
  ::unlink(draft.c_str());  // of a start that was cut off
  const Descriptor file(
      ::open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file.is_open()) return io_error("cannot make", draft);
  if (const auto written = write_whole(file, text, draft); !written) return written.error();
  if (::link(draft.c_str(), path.c_str()) != 0) return io_error("cannot make", path);
  ::unlink(draft.c_str());
  return flush_folder_of(path);
}

Result<vault::RootKey> make_key(const std::string& path, ports::Crypto& crypto,
                                ports::Entropy& entropy) {
  vault::RootKey key{entropy.secret(vault::kRootKeySize), path};
  const auto written = write_new(path, vault::write_root_key(crypto, key).reveal());
  if (!written) return written.error();
  return key;
}

// Overwritten first, so that the key does not lie in a freed block of a disk that writes in place.
Result<void> destroy(const std::string& path) {
  {
    const Descriptor file(::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOFOLLOW));
    if (!file.is_open()) return io_error("cannot open", path);
    const Bytes nothing(kMaxKeyFile);
    if (const auto written = write_whole(file, nothing, path); !written) return written.error();
  }
  if (::unlink(path.c_str()) != 0) return io_error("cannot remove", path);
  return flush_folder_of(path);
}

Result<void> write_sealed(const std::string& path, const vault::RootKey& key, ports::Crypto& crypto,
                          ports::KeySealer& sealer) {
  const auto sealed = sealer.seal(key.bytes);
  if (!sealed) return sealed.error();
  const std::string text = vault::write_sealed_root_key(crypto, key, *sealed);
  // Nothing hangs from a key that does not come back.
  const auto again = vault::read_sealed_root_key(crypto, sealer, text, path);
  if (!again) return again.error();
  if (!(again->bytes == key.bytes)) return Error{Errc::io, "the TPM gave back another key"};
  return write_new(path, as_bytes(text));
}

struct Places {
  explicit Places(const std::string& folder)
      : open(folder + "/" + kRootKeyFile), sealed(folder + "/" + kSealedRootKeyFile) {}
  std::string open;
  std::string sealed;
};

bool is_there(const std::string& path) {
  std::error_code code;
  return std::filesystem::exists(path, code) || code;
}

Result<vault::RootKey> read_open(const Places& places, ports::Crypto& crypto) {
  const Descriptor file(::open(places.open.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.is_open()) return io_error("cannot open", places.open);
  return read_key(file, places.open, crypto);
}

Result<vault::RootKey> read_sealed(const Places& places, ports::Crypto& crypto,
                                   ports::KeySealer& sealer) {
  const Descriptor file(::open(places.sealed.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.is_open()) return io_error("cannot open", places.sealed);
  const auto text = read_whole(file, places.sealed, kMaxSealedKeyFile);
  if (!text) return text.error();
  return vault::read_sealed_root_key(crypto, sealer, as_text(text->reveal()), places.sealed);
}

}  // namespace

Result<vault::RootKey> open_root_key(const std::string& path, const std::string& database,
                                     ports::Crypto& crypto, ports::Entropy& entropy) {
  if (is_there(path + ".tpm")) {
    return Error{Errc::wrong_key, "the root key is sealed to a TPM, in " + path +
                                      ".tpm; say root_key = \"tpm\" in the configuration, or move "
                                      "it back with `berth root-key unseal`"};
  }
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.is_open()) return read_key(file, path, crypto);
  if (errno != ENOENT) return io_error("cannot open", path);
  if (is_there(database)) {
    return Error{Errc::wrong_key, "the root key file " + path + " is missing, and " + database +
                                      " can be read with that key only; put the file back, or "
                                      "move the database away to begin anew"};
  }
  return make_key(path, crypto, entropy);
}

Result<vault::RootKey> open_sealed_root_key(const std::string& folder, ports::Crypto& crypto,
                                            ports::KeySealer& sealer) {
  const Places places(folder);
  if (is_there(places.open)) {
    return Error{Errc::wrong_key, "the root key lies open in " + places.open +
                                      "; `berth root-key seal` moves it into the TPM's keeping"};
  }
  if (!is_there(places.sealed)) {
    return Error{Errc::wrong_key, "there is no sealed root key " + places.sealed +
                                      "; `berth root-key create` makes one and prints its recovery "
                                      "key"};
  }
  return read_sealed(places, crypto, sealer);
}

Result<vault::RootKey> create_sealed_root_key(const std::string& folder, ports::Crypto& crypto,
                                              ports::Entropy& entropy, ports::KeySealer& sealer) {
  const Places places(folder);
  for (const std::string& path : {places.open, places.sealed}) {
    if (is_there(path)) return Error{Errc::conflict, "there is a root key already: " + path};
  }
  vault::RootKey key{entropy.secret(vault::kRootKeySize), places.sealed};
  const auto written = write_sealed(places.sealed, key, crypto, sealer);
  if (!written) return written.error();
  return key;
}

Result<vault::RootKey> seal_root_key(const std::string& folder, ports::Crypto& crypto,
                                     ports::KeySealer& sealer) {
  const Places places(folder);
  if (!is_there(places.open)) {
    return Error{Errc::not_found, "there is no open root key " + places.open};
  }
  auto key = read_open(places, crypto);
  if (!key) return key.error();
  if (is_there(places.sealed)) {
    // A move that was cut off; or this folder's history is not what we think, and nothing is lost.
    const auto sealed = read_sealed(places, crypto, sealer);
    if (!sealed) return sealed.error();
    if (!(sealed->bytes == key->bytes)) {
      return Error{Errc::conflict, places.open + " and " + places.sealed + " hold different keys"};
    }
  } else if (const auto written = write_sealed(places.sealed, *key, crypto, sealer); !written) {
    return written.error();
  }
  if (const auto gone = destroy(places.open); !gone) return gone.error();
  key->origin = places.sealed;
  return key;
}

Result<vault::RootKey> unseal_root_key(const std::string& folder, ports::Crypto& crypto,
                                       ports::KeySealer& sealer) {
  const Places places(folder);
  if (!is_there(places.sealed)) {
    return Error{Errc::not_found, "there is no sealed root key " + places.sealed};
  }
  auto key = read_sealed(places, crypto, sealer);
  if (!key) return key.error();
  if (is_there(places.open)) {
    const auto open = read_open(places, crypto);
    if (!open) return open.error();
    if (!(open->bytes == key->bytes)) {
      return Error{Errc::conflict, places.open + " and " + places.sealed + " hold different keys"};
    }
  } else {
    const auto written = write_new(places.open, vault::write_root_key(crypto, *key).reveal());
    if (!written) return written.error();
  }
  if (const auto gone = destroy(places.sealed); !gone) return gone.error();
  key->origin = places.open;
  return key;
}

Result<vault::RootKey> recover_root_key(const std::string& folder, std::string_view recovery_key,
                                        ports::Crypto& crypto, ports::KeySealer& sealer) {
  const Places places(folder);
  if (is_there(places.open)) {
    return Error{Errc::conflict, "there is an open root key already: " + places.open};
  }
  auto key = vault::read_root_key(crypto, recovery_key, "the recovery key");
  if (!key) return Error{Errc::wrong_key, "that is not a whole recovery key"};
  // The other machine's sealed key is of no use here. It goes only when this machine's is there.
  const std::string draft = places.sealed + ".recovered";
  ::unlink(draft.c_str());
  if (const auto written = write_sealed(draft, *key, crypto, sealer); !written) {
    return written.error();
  }
  if (::rename(draft.c_str(), places.sealed.c_str()) != 0) {
    return io_error("cannot replace", places.sealed);
  }
  if (const auto flushed = flush_folder_of(places.sealed); !flushed) return flushed.error();
  key->origin = places.sealed;
  return key;
}

}  // namespace berth::store
