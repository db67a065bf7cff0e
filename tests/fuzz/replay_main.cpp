// Plays a kept corpus through a fuzz target where libFuzzer is not linked: under g++, and with it
// under every sanitizer that the presets know. Each input also runs cut short at several places,
// since a truncation is what the wire does by itself.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: %s CORPUS\n", argv[0]);
    return 2;
  }
  constexpr std::size_t kCuts = 64;
  std::size_t inputs = 0;
  std::error_code failed;
  for (const auto& entry : std::filesystem::directory_iterator(argv[1], failed)) {
    std::ifstream file(entry.path(), std::ios::binary);
    const std::vector<char> read{std::istreambuf_iterator<char>(file), {}};
    const std::vector<std::uint8_t> bytes(read.begin(), read.end());
    for (std::size_t cut = 1; cut < kCuts && cut < bytes.size(); ++cut) {
      // A copy of its own, so that AddressSanitizer sees a read past its end.
      const auto length = static_cast<std::ptrdiff_t>(bytes.size() * cut / kCuts);
      const std::vector<std::uint8_t> shortened(bytes.begin(), bytes.begin() + length);
      (void)LLVMFuzzerTestOneInput(shortened.data(), shortened.size());
    }
    (void)LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
    ++inputs;
  }
  if (inputs == 0) {
    std::fprintf(stderr, "%s: no corpus here\n", argv[1]);
    return 1;
  }
  std::printf("%zu inputs\n", inputs);
  return 0;
}
