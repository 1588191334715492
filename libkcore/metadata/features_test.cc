#include "metadata/features.h"

#include <gtest/gtest.h>

namespace kcore::metadata {
namespace {

TEST(FeaturesTest, MetadataVersionsHaveNamesBothWays) {
    for (std::int16_t level = kMetadataVersionMin; level <= kMetadataVersionLatest; ++level) {
        const auto name = metadata_version_name(level);
        ASSERT_FALSE(name.empty()) << level;
        EXPECT_EQ(metadata_version_of(name), level);
    }
    EXPECT_EQ(metadata_version_name(7), "3.3-IV3");
    EXPECT_EQ(metadata_version_name(20), "3.8-IV0");
    EXPECT_EQ(metadata_version_name(33), "4.4-IV2");
    EXPECT_EQ(metadata_version_name(34), "");
    EXPECT_EQ(metadata_version_of("4.5-IV0"), std::nullopt);
}

TEST(FeaturesTest, AReleaseNamesItsLastLevel) {
    EXPECT_EQ(metadata_version_of("4.4"), 33);
    EXPECT_EQ(metadata_version_of("3.7"), 19);
}

TEST(FeaturesTest, RecordVersionsFollowTheMetadataVersion) {
    EXPECT_EQ(MetadataVersion(7).register_broker_record(), 1);
    EXPECT_EQ(MetadataVersion(8).register_broker_record(), 2);
    EXPECT_EQ(MetadataVersion(17).register_broker_record(), 3);
    EXPECT_EQ(MetadataVersion(30).register_broker_record(), 4);
    EXPECT_EQ(MetadataVersion(16).partition_record(), 0);
    EXPECT_EQ(MetadataVersion(17).partition_record(), 1);
    EXPECT_EQ(MetadataVersion(23).partition_record(), 2);
}

TEST(FeaturesTest, EveryFeatureOfThe44ReleaseIsKnown) {
    EXPECT_EQ(supported_features().size(), 7U);
    ASSERT_NE(find_feature("share.version"), nullptr);
    EXPECT_EQ(find_feature("share.version")->max, 2);
    EXPECT_EQ(find_feature("no.such"), nullptr);
}

TEST(FeaturesTest, AFreshClusterOf44HasEveryFeatureAtItsTopButKraft) {
    for (const auto& feature : supported_features()) {
        const auto expected = feature.name == kKraftVersion ? std::int16_t{0} : feature.max;
        EXPECT_EQ(default_level(feature.name, 33), expected) << feature.name;
    }
    EXPECT_EQ(default_level(kShareVersion, 30), 1);
    EXPECT_EQ(default_level(kElrVersion, 25), 0);
}

}  // namespace
}  // namespace kcore::metadata
