#include "cli/failure.h"

#include <gtest/gtest.h>

#include <array>

#include "cli/near.h"

namespace kcore::cli {
namespace {

TEST(FailureTest, OneLineNamesErrorNumberResourceAndHint) {
    const Failure failure("orders", Error(Errc::topic_already_exists, "already exists"),
                          "--if-not-exists");
    EXPECT_EQ(failure_text(failure, false),
              "error: TOPIC_ALREADY_EXISTS (36): orders: already exists. hint: --if-not-exists");
    EXPECT_EQ(failure_text(failure, true),
              R"({"error":"TOPIC_ALREADY_EXISTS","code":36,"resource":"orders",)"
              R"("message":"already exists","hint":"--if-not-exists"})");
}

TEST(FailureTest, ExitCodesTellTheKindOfFailure) {
    EXPECT_EQ(exit_code_of(Error(Errc::unknown_topic_or_partition, "")), 1);
    EXPECT_EQ(exit_code_of(Error(Errc::request_timed_out, "")), 3);
    EXPECT_EQ(exit_code_of(Error(Errc::network_exception, "")), 6);
    EXPECT_EQ(exit_code_of(Error(Errc::topic_authorization_failed, "")), 7);
}

TEST(NearTest, OnlyWhatCouldBeMeantIsNamed) {
    const std::array<std::string, 3> known{"describe", "delete", "config"};
    EXPECT_EQ(nearest("descrbe", known), "describe");
    EXPECT_EQ(nearest("conf", known), "config");
    EXPECT_EQ(nearest("xyzzy", known), std::nullopt);
}

TEST(NearTest, TwoLettersThatChangedPlacesAreOneMistake) {
    const std::array<std::string, 4> known{"--grep", "--heap", "--help", "--group"};
    EXPECT_EQ(nearest("--hlep", known), "--help");
    EXPECT_EQ(nearest("--gropu", known), "--group");
}

}  // namespace
}  // namespace kcore::cli
