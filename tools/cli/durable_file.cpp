#include "tools/cli/durable_file.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace berth::cli {
namespace {

Error io_error(const std::string& path, const char* verb) {
  return Error{Errc::io, path + " cannot be " + verb + ": " + std::strerror(errno)};
}

}  // namespace

DurableFile::DurableFile(std::string path, int descriptor, std::uint64_t size)
    : path_(std::move(path)), descriptor_(descriptor), size_(size) {}

DurableFile::DurableFile(DurableFile&& other) noexcept
    : path_(std::move(other.path_)),
      descriptor_(std::exchange(other.descriptor_, -1)),
      size_(other.size_) {}

DurableFile& DurableFile::operator=(DurableFile&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(descriptor_, other.descriptor_);
  std::swap(size_, other.size_);
  return *this;
}

DurableFile::~DurableFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Error DurableFile::failed(const char* verb) const {
  return io_error(path_, verb);
}

Result<DurableFile> DurableFile::open(const std::string& path, std::uint64_t size, Access access) {
  const mode_t mode = access == Access::owner_only ? 0600 : 0644;
  const int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, mode);
  if (descriptor < 0) return io_error(path, "written");
  DurableFile file(path, descriptor, size);
  // It may have been there, with other rights.
  if (access == Access::owner_only && ::fchmod(descriptor, mode) != 0) return file.failed("kept");
  struct stat found {};
  if (::fstat(descriptor, &found) != 0) return file.failed("read");
  if (static_cast<std::uint64_t>(found.st_size) < size) {
    return Error{Errc::corrupt, path + " is shorter than it was"};
  }
  const auto end = static_cast<off_t>(size);
  if (::ftruncate(descriptor, end) != 0 || ::lseek(descriptor, end, SEEK_SET) != end) {
    return file.failed("written");
  }
  return file;
}

Result<void> DurableFile::append(std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(descriptor_, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return failed("written");
    size_ += static_cast<std::uint64_t>(written);
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

Result<void> DurableFile::sync() {
  if (::fsync(descriptor_) != 0) return failed("written to the disk");
  return {};
}

Result<void> rename_durably(const std::string& from, const std::string& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) return io_error(to, "replaced");
  std::filesystem::path folder = std::filesystem::path(to).parent_path();
  if (folder.empty()) folder = ".";
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return io_error(folder.string(), "opened");
  const bool is_synced = ::fsync(descriptor) == 0;
  const Error error = io_error(folder.string(), "written to the disk");
  ::close(descriptor);
  if (!is_synced) return error;
  return {};
}

Result<void> replace_file(const std::string& path, std::string_view text) {
  const std::string draft = path + ".new";
  auto file = DurableFile::open(draft, 0, DurableFile::Access::owner_only);
  if (!file) return file.error();
  if (const auto written = file->append(text); !written) return written.error();
  if (const auto synced = file->sync(); !synced) return synced.error();
  return rename_durably(draft, path);
}

}  // namespace berth::cli
