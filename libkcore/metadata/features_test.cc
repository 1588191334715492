#include "metadata/features.h"

#include <gtest/gtest.h>

#include "metadata/snapshot.h"

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

TEST(FeaturesTest, ANewClusterTakesChosenLevelsThatFitItsMetadataVersion) {
    const auto levels = initial_levels(kMetadataVersionLatest, {{"group.version", 0}});
    ASSERT_TRUE(levels);
    EXPECT_EQ(levels->at("group.version"), 0);
    EXPECT_EQ(levels->at("share.version"), 2);
    EXPECT_EQ(bootstrap_records(*levels).size(), bootstrap_records().size() - 1);
}

TEST(FeaturesTest, LevelsThatANewClusterCannotHaveAreRefusedWithWhatItCan) {
    const auto why = [](std::int16_t version, const FeatureLevels& chosen) {
        const auto levels = initial_levels(version, chosen);
        return levels ? std::string() : levels.error().what;
    };
    EXPECT_EQ(why(33, {{"transaction.version", 9}}),
              "transaction.version has levels 0 to 2, not 9");
    EXPECT_EQ(why(33, {{"kraft.version", 1}}), "kraft.version has levels 0 to 0, not 1");
    EXPECT_EQ(why(22, {{"eligible.leader.replicas.version", 1}}),
              "eligible.leader.replicas.version 1 needs metadata.version 23 (4.0-IV1) or later");
    EXPECT_TRUE(why(33, {{"nosuch", 1}}).starts_with("there is no feature nosuch; there are "));
}

}  // namespace
}  // namespace kcore::metadata
