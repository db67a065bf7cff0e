// Files that are there whole or not at all: written under another name, forced to the disk, then
// renamed. They may hold secrets, so only their owner can read them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "shared/base/result.hpp"

namespace berth::cli {

// A file that grows, and whose end may be cut off. Errors are Errc::io and name the file.
class DurableFile {
 public:
  enum class Access : std::uint8_t { owner_only, readable };

  // Made if it is not there; what is in it behind `size` is cut off. Errc::corrupt if it is
  // shorter.
  static Result<DurableFile> open(const std::string& path, std::uint64_t size, Access access);
  DurableFile(DurableFile&& other) noexcept;
  DurableFile& operator=(DurableFile&& other) noexcept;
  ~DurableFile();

  [[nodiscard]] Result<void> append(std::string_view text);
  // When it returns, what was appended survives a loss of power.
  [[nodiscard]] Result<void> sync();
  [[nodiscard]] std::uint64_t size() const { return size_; }

 private:
  DurableFile(std::string path, int descriptor, std::uint64_t size);
  [[nodiscard]] Error failed(const char* verb) const;

  std::string path_;
  int descriptor_;
  std::uint64_t size_;
};

// Gives the file `from` the name `to`, in place of what had it.
[[nodiscard]] Result<void> rename_durably(const std::string& from, const std::string& to);

// `text` as the file's whole content, for its owner only.
[[nodiscard]] Result<void> replace_file(const std::string& path, std::string_view text);

}  // namespace berth::cli
