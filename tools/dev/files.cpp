#include "tools/dev/files.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <iterator>
#include <unistd.h>

namespace berth::dev {

Result<void> write_file(const std::filesystem::path& path, const std::string& text, FileMode mode) {
  const std::filesystem::path beside = path.string() + ".new";
  const int fd = ::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
                        mode == FileMode::owner_only ? 0600 : 0644);
  if (fd < 0) return Error{Errc::io, beside.string() + ": " + std::strerror(errno)};
  std::size_t written = 0;
  while (written < text.size()) {
    const ssize_t count = ::write(fd, text.data() + written, text.size() - written);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      const Error error{Errc::io, beside.string() + ": " + std::strerror(errno)};
      ::close(fd);
      return error;
    }
    written += static_cast<std::size_t>(count);
  }
  ::close(fd);
  std::error_code failed;
  std::filesystem::rename(beside, path, failed);
  if (failed) return Error{Errc::io, path.string() + ": " + failed.message()};
  return {};
}

Result<std::string> read_file(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  if (!stream) return Error{Errc::io, path.string() + " can't be read"};
  return std::string(std::istreambuf_iterator<char>(stream), {});
}

}  // namespace berth::dev
