#include "protocol/release.h"

#include <gtest/gtest.h>

#include "protocol/api_table.h"

namespace kcore::protocol {
namespace {

std::optional<std::int16_t> newest(std::string_view release, ApiKey api) {
    return Release::parse(release)->newest(static_cast<std::int16_t>(api));
}

TEST(ReleaseTest, VersionsGrowWithReleases) {
    EXPECT_EQ(newest("2.1", ApiKey::metadata), 7);
    EXPECT_EQ(newest("3.4", ApiKey::metadata), 12);
    EXPECT_EQ(newest("3.9.1", ApiKey::fetch), 17);
    EXPECT_EQ(newest("4.1", ApiKey::produce), 13);
    EXPECT_EQ(newest("4.4", ApiKey::offset_commit), 10);
}

TEST(ReleaseTest, AnApiThatCameLaterIsNotKnown) {
    EXPECT_EQ(newest("2.2", ApiKey::incremental_alter_configs), std::nullopt);
    EXPECT_EQ(newest("2.3", ApiKey::incremental_alter_configs), 0);
}

TEST(ReleaseTest, NoReleaseKnowsMoreThanThisOne) {
    for (const auto* release : {"2.1", "2.8", "3.0", "3.9", "4.0", "4.1"}) {
        for (const auto& api : all_apis()) {
            const auto known = newest(release, api.key);
            EXPECT_LE(known.value_or(0), api.versions.high) << release << " " << api.name;
        }
    }
}

TEST(ReleaseTest, WhatIsNoReleaseIsRefused) {
    for (const auto* text : {"", "3", "3.", "3.9x", "0.10", "2.0", "4.2", "5.0", "new"}) {
        EXPECT_FALSE(Release::parse(text)) << text;
    }
}

}  // namespace
}  // namespace kcore::protocol
