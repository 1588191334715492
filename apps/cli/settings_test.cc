#include "cli/settings.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace kcore::cli {
namespace {

class SettingsTest : public testing::Test {
protected:
    void SetUp() override {
        std::string pattern = testing::TempDir() + "settingsXXXXXX";
        home_ = ::mkdtemp(pattern.data());
        ::setenv("HOME", home_.c_str(), 1);
        for (const auto* name : {"KCORE_PROFILE", "KCORE_BOOTSTRAP_SERVER", "KCORE_CONFIG",
                                 "KCORE_LINGER_MS", "XDG_CONFIG_HOME"}) {
            ::unsetenv(name);
        }
    }
    void TearDown() override { std::filesystem::remove_all(home_); }

    std::string write(const std::string& name, const std::string& text) {
        const auto path = std::filesystem::path(home_) / name;
        std::filesystem::create_directories(path.parent_path());
        std::ofstream(path) << text;
        ::chmod(path.c_str(), 0600);
        return path;
    }
    void write_profiles() {
        write(".config/kcore/config.toml",
              "current = \"local\"\n[profiles.local]\nbootstrap = \"l:1\"\n"
              "[profiles.prod]\nbootstrap = \"p:1,p:2\"\n"
              "[profiles.prod.properties]\n\"linger.ms\" = \"7\"\n");
    }
    std::string bootstrap() { return read_settings(common_).value().bootstrap.front(); }

    std::string home_;
    Common common_;
};

TEST_F(SettingsTest, WithoutAnythingItIsLocalhost) { EXPECT_EQ(bootstrap(), "localhost:9092"); }

TEST_F(SettingsTest, TheCurrentProfileIsTakenUnlessOneIsNamed) {
    write_profiles();
    EXPECT_EQ(bootstrap(), "l:1");
    common_.profile = "prod";
    EXPECT_EQ(bootstrap(), "p:1");
    EXPECT_EQ(read_settings(common_)->producer.linger_ms, 7);
    common_.profile = "none";
    EXPECT_EQ(read_settings(common_).error(), "there is no profile 'none'");
}

TEST_F(SettingsTest, FlagsBeatPropertiesBeatEnvironmentBeatFilesBeatProfiles) {
    write_profiles();
    common_.files = {write("client.properties", "# mine\nbootstrap.servers = f:1\nlinger.ms=1\n")};
    EXPECT_EQ(bootstrap(), "f:1");
    ::setenv("KCORE_BOOTSTRAP_SERVER", "e:1", 1);
    ::setenv("KCORE_LINGER_MS", "2", 1);
    EXPECT_EQ(bootstrap(), "e:1");
    EXPECT_EQ(read_settings(common_)->producer.linger_ms, 2);
    common_.properties = {"bootstrap.servers=x:1"};
    EXPECT_EQ(bootstrap(), "x:1");
    common_.bootstrap = "b:1";
    EXPECT_EQ(bootstrap(), "b:1");
}

TEST_F(SettingsTest, UnknownPropertiesNameTheNearest) {
    common_.properties = {"bootstrap.server=x:1"};
    EXPECT_EQ(read_settings(common_).error(),
              "-X unknown property bootstrap.server: did you mean bootstrap.servers?");
    common_.properties = {"acks=2"};
    EXPECT_EQ(read_settings(common_).error(), "-X acks: '2' is not one of all, -1, 0, 1");
    common_.properties = {"acks"};
    EXPECT_FALSE(read_settings(common_));
}

TEST_F(SettingsTest, SecurityThatThisVersionLacksIsRefused) {
    common_.properties = {"security.protocol=SASL_SSL"};
    EXPECT_TRUE(read_settings(common_).error().contains("is not in this version"));
}

TEST_F(SettingsTest, ProfilesThatOthersCanReadAreRefused) {
    write_profiles();
    ::chmod((home_ + "/.config/kcore/config.toml").c_str(), 0644);
    EXPECT_TRUE(read_settings(common_).error().contains("chmod 600"));
}

TEST_F(SettingsTest, BrokenFilesAreRefusedWithTheirName) {
    common_.files = {home_ + "/none"};
    EXPECT_TRUE(read_settings(common_).error().starts_with("cannot read"));
    common_.files.clear();
    write(".config/kcore/config.toml", "current = \n");
    EXPECT_TRUE(read_settings(common_).error().contains("config.toml"));
}

}  // namespace
}  // namespace kcore::cli
