#include "gateway/linux/config.hpp"

#include <fstream>

#include <CppUTest/TestHarness.h>

#include "gateway/core/limits.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace berth;
using gateway::GatewayConfig;

TEST_GROUP(GatewayConfig) {
  testing::TemporaryFolder folder_;

  Result<GatewayConfig> load(const std::string& text) {
    const std::string path = folder_.file("gateway.toml");
    std::ofstream(path) << text;
    return GatewayConfig::load(path);
  }
  bool refuses(const std::string& text, const std::string& problem) {
    const auto config = load(text);
    return !config && config.error().code == Errc::invalid &&
           config.error().reason.find(problem) != std::string::npos;
  }
};

TEST(GatewayConfig, TheExampleIsGood) {
  const auto config =
      GatewayConfig::load(BERTH_SOURCE_DIR "/gateway/linux/berth-gateway.example.toml");
  CHECK(config.has_value());
  LONGS_EQUAL(443, config->https_port);
  LONGS_EQUAL(gateway::kDefaultConnections, config->max_connections);
  STRCMP_EQUAL("info", config->log_level.c_str());
}

TEST(GatewayConfig, NeedsOnlyTheNamesOfTheDeviceEndpoint) {
  const auto config = load("[devices]\nnames = [\"gw.example\"]\n");
  CHECK(config.has_value());
  CHECK(config->device_addresses == (std::vector<std::string>{"0.0.0.0", "::"}));
  LONGS_EQUAL(8883, config->mqtt_port);
  LONGS_EQUAL(5683, config->coap_port);
  LONGS_EQUAL(5684, config->coaps_port);
  LONGS_EQUAL(9443, config->management_port);
  LONGS_EQUAL(2000, config->look_back_deadline.count());
}

TEST(GatewayConfig, NeedsNamesOrACertificate) {
  CHECK(refuses("threads = 1\n", "devices.names"));
  CHECK(load("[devices]\ncertificate = \"a\"\nprivate_key = \"b\"\n").has_value());
}

TEST(GatewayConfig, CertificateAndKeyGoTogether) {
  CHECK(refuses("[devices]\ncertificate = \"a\"\n", "certificate and private_key go together"));
  CHECK(refuses("[devices]\nnames = [\"a\"]\nprivate_key = \"b\"\n",
                "certificate and private_key go together"));
}

TEST(GatewayConfig, ListensOnAddressesOnly) {
  CHECK(refuses("[devices]\nnames = [\"a\"]\naddresses = [\"0.0.0.0\", \"gw.example\"]\n",
                "devices.addresses: gw.example is no IP address"));
  CHECK(refuses("[devices]\nnames = [\"a\"]\n[management]\naddress = \"localhost\"\n",
                "management.address"));
  CHECK(load("[devices]\nnames = [\"a\"]\naddresses = [\"fe80::1%eth0\"]\n").has_value());
}

TEST(GatewayConfig, KnowsItsLogLevels) {
  CHECK(refuses("[devices]\nnames = [\"a\"]\n[log]\nlevel = \"verbose\"\n", "log.level"));
  CHECK(load("[devices]\nnames = [\"a\"]\n[log]\nlevel = \"debug\"\n").has_value());
}

TEST(GatewayConfig, NumbersHaveLimits) {
  const std::string names = "[devices]\nnames = [\"a\"]\n";
  const auto connections = [](std::size_t count) {
    return "max_connections = " + std::to_string(count) + "\n";
  };
  CHECK(load(names + connections(gateway::kMostConnections)).has_value());
  CHECK(refuses(names + connections(gateway::kMostConnections + 1), "devices.max_connections"));
  LONGS_EQUAL(300, load(names)->certificate_skew.count());
  LONGS_EQUAL(0, load(names + "certificate_skew_seconds = 0\n")->certificate_skew.count());
  LONGS_EQUAL(86400, load(names + "certificate_skew_seconds = 86400\n")->certificate_skew.count());
  CHECK(refuses(names + "certificate_skew_seconds = 86401\n", "devices.certificate_skew_seconds"));
  CHECK(load("threads = 64\n" + names).has_value());
  CHECK(refuses("threads = 65\n" + names, "threads"));
  CHECK(load(names + "[probes]\ninterval_seconds = 3600\n").has_value());
  CHECK(refuses(names + "[probes]\ninterval_seconds = 3601\n", "probes.interval_seconds"));
  CHECK(refuses(names + "[probes]\ninterval_seconds = 0\n", "probes.interval_seconds"));
}

TEST(GatewayConfig, AMisspeltKeyIsAProblem) {
  CHECK(refuses("[devices]\nnames = [\"a\"]\nhttps_prot = 1\n", "https_prot"));
}

TEST(GatewayConfig, ReadsTheJoinTokenFromItsFile) {
  std::ofstream(folder_.file("token")) << "berth1.abc\r\n";
  const auto config = load("[coordinator]\njoin_token_file = \"" + folder_.file("token") +
                           "\"\n[devices]\nnames = [\"a\"]\n");
  STRCMP_EQUAL("berth1.abc", config->join_token.c_str());
}

TEST(GatewayConfig, AFileThatIsNotThereIsSaid) {
  CHECK(GatewayConfig::load(folder_.file("none.toml")).error().code == Errc::io);
}
