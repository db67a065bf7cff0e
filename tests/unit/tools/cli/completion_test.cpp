#include "tools/cli/completion.hpp"

#include <string>

#include <CppUTest/TestHarness.h>

using namespace berth::cli;

namespace {

const CommandNode kTree{
    "berth",
    {{{"--output", "-o"}, {"table", "json"}}},
    {{"hub", {}, {{"link", {{{"--apply"}, {"gateway"}}}, {}}, {"list", {}, {}}}},
     {"status", {}, {}}}};

}  // namespace

TEST_GROUP(Completion) {
  const std::string script = bash_completion(kTree);

  void check_holds(const char* part) {
    CHECK_TRUE_TEXT(script.find(part) != std::string::npos, part);
  }
};

TEST(Completion, OffersCommandsAndOptionsOfEachPlace) {
  check_holds("'berth') words='hub status --output -o' ;;");
  check_holds("'berth hub') words='link list --output -o' ;;");
  check_holds("'berth hub link') words='--apply --output -o' ;;");
}

TEST(Completion, KnowsWhichWordsLeadDeeper) {
  check_holds("'berth hub'|'berth hub link'|'berth hub list'|'berth status') path=");
}

TEST(Completion, OffersTheValuesOfAnOption) {
  check_holds("--output|-o) COMPREPLY=($(compgen -W 'table json'");
  check_holds("--apply) COMPREPLY=($(compgen -W 'gateway'");
}

TEST(Completion, RegistersItself) {
  check_holds("complete -o default -F _berth berth\n");
}
