#include "shared/store/root_key_file.hpp"

#include <array>
#include <cerrno>
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

Result<vault::RootKey> read_key(const Descriptor& file, const std::string& path,
                                ports::Crypto& crypto) {
  struct stat status {};
  if (::fstat(file.number(), &status) != 0) return io_error("cannot look at", path);
  if (!S_ISREG(status.st_mode)) return Error{Errc::wrong_key, path + " is not a file"};
  if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return Error{Errc::wrong_key, "others can read the root key in " + path + "; chmod 600 it"};
  }
  Bytes text(kMaxKeyFile);
  std::size_t size = 0;
  while (size < text.size()) {
    const ssize_t count = ::read(file.number(), text.data() + size, text.size() - size);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return io_error("cannot read", path);
    if (count == 0) break;
    size += static_cast<std::size_t>(count);
  }
  const SecretBytes secret(std::move(text));
  return vault::read_root_key(crypto, as_text(secret.reveal().first(size)), path);
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

// The key is written beside its place and linked there when it is whole: a crash leaves no half
// key, and a key that appeared meanwhile is not overwritten.
Result<vault::RootKey> make_key(const std::string& path, ports::Crypto& crypto,
                                ports::Entropy& entropy) {
  vault::RootKey key{entropy.secret(vault::kRootKeySize), path};
  const std::string draft = path + ".new";
  ::unlink(draft.c_str());  // of a start that was cut off
  const Descriptor file(
      ::open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file.is_open()) return io_error("cannot make", draft);
  const auto written = write_whole(file, vault::write_root_key(crypto, key).reveal(), draft);
  if (!written) return written.error();
  if (::link(draft.c_str(), path.c_str()) != 0) return io_error("cannot make", path);
  ::unlink(draft.c_str());
  const auto flushed = flush_folder_of(path);
  if (!flushed) return flushed.error();
  return key;
}

}  // namespace

Result<vault::RootKey> open_root_key(const std::string& path, const std::string& database,
                                     ports::Crypto& crypto, ports::Entropy& entropy) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.is_open()) return read_key(file, path, crypto);
  if (errno != ENOENT) return io_error("cannot open", path);
  std::error_code code;
  if (std::filesystem::exists(database, code) || code) {
    return Error{Errc::wrong_key, "the root key file " + path + " is missing, and " + database +
                                      " can be read with that key only; put the file back, or "
                                      "move the database away to begin anew"};
  }
  return make_key(path, crypto, entropy);
}

}  // namespace berth::store
