#include "controller/features.h"

#include <gtest/gtest.h>

#include "controller/one_broker_fixture.h"

namespace kcore::controller {
namespace {

constexpr std::int8_t kUpgrade = 1;
constexpr std::int8_t kSafe = 2;

class FeaturesTest : public OneBrokerTest {
protected:
    auto update(const std::string& feature, std::int16_t level, std::int8_t type = kUpgrade,
                bool validate_only = false) {
        protocol::UpdateFeaturesRequest request;
        request.validate_only = validate_only;
        auto& asked = request.feature_updates.emplace_back();
        asked.feature = feature;
        asked.max_version_level = level;
        asked.upgrade_type = type;
        return ask(request);
    }
    void expect_refused(const std::string& feature, std::int16_t level, std::int8_t type,
                        const std::string& text) {
        const auto answer = update(feature, level, type);
        EXPECT_EQ(answer.error_code, 95) << text;
        EXPECT_EQ(
            answer.error_message,
            "The update failed for all features since the following feature had an error: " + text);
        EXPECT_TRUE(answer.results.empty());
    }
};

TEST_F(FeaturesTest, ALevelGoesDownWhenThatIsAskedForAndUpAgain) {
    EXPECT_EQ(update("group.version", 0, kSafe, true).error_code, 0);
    EXPECT_EQ(image().feature_level("group.version"), 1);
    EXPECT_EQ(update("group.version", 0, kSafe).error_code, 0);
    EXPECT_EQ(image().feature_level("group.version"), 0);
    const auto answer = update("group.version", 1);
    EXPECT_EQ(answer.error_code, 0);
    EXPECT_EQ(answer.results.at(0).error_message, "NONE");
    EXPECT_EQ(image().feature_level("group.version"), 1);
}

TEST_F(FeaturesTest, LevelsOutOfReachAreRefused) {
    expect_refused("no.such", 1, kUpgrade,
                   "Invalid update version 1 for feature no.such. Local controller 1 does not "
                   "support this feature.");
    expect_refused("metadata.version", 999, kUpgrade,
                   "Invalid update version 999 for feature metadata.version. Local controller 1 "
                   "only supports versions 7-33");
    expect_refused("metadata.version", -1, kUpgrade,
                   "Invalid update version -1 for feature metadata.version. A feature version "
                   "cannot be less than 0.");
    expect_refused(
        "group.version", 0, kUpgrade,
        "Invalid update version 0 for feature group.version. Can't downgrade the version "
        "of this feature without setting the upgrade type to either safe or unsafe "
        "downgrade.");
    expect_refused("group.version", 1, 9,
                   "Invalid update version 1 for feature group.version. The controller does not "
                   "support the given upgrade type.");
}

TEST_F(FeaturesTest, MetadataIsNotDowngradedWhereRecordsWouldBeLost) {
    expect_refused("metadata.version", 20, kSafe,
                   "Unsupported metadata.version downgrade from 33 to 20. Refusing to perform the "
                   "requested downgrade because it might delete metadata information.");
    EXPECT_EQ(image().metadata_version().level(), 33);
}

}  // namespace
}  // namespace kcore::controller
