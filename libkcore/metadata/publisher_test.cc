#include "metadata/publisher.h"

#include <gtest/gtest.h>

namespace kcore::metadata {
namespace {

class PublisherTest : public ::testing::Test {
protected:
    PublisherTest() {
        publisher.prepare([this](const ImagePtr& before, const ImagePtr& after, const Changes&,
                                 Publisher::Ready ready) {
            EXPECT_EQ(publisher.current(), before);
            was_current.push_back(publisher.current() == after);
            if (prepares_at_once) return ready();
            readies.push_back(std::move(ready));
        });
        publisher.subscribe([this](const ImagePtr&, const ImagePtr& after, const Changes&) {
            was_current.push_back(publisher.current() == after);
            heard.push_back(after);
        });
    }

    Publisher publisher;
    bool prepares_at_once = true;
    std::vector<Publisher::Ready> readies;
    std::vector<bool> was_current;
    std::vector<ImagePtr> heard;
    const ImagePtr first = std::make_shared<const Image>();
    const ImagePtr second = std::make_shared<const Image>();
};

TEST_F(PublisherTest, ThePreparerHearsBeforeTheImageIsCurrentAndSubscribersAfter) {
    bool is_done = false;
    publisher.publish(first, {}, [&] { is_done = true; });
    EXPECT_EQ(was_current, (std::vector<bool>{false, true}));
    EXPECT_TRUE(is_done);
}

TEST_F(PublisherTest, AnImageIsNotCurrentWhileItIsPreparedAndOthersWait) {
    prepares_at_once = false;
    int done = 0;
    publisher.publish(first, {}, [&] { ++done; });
    publisher.publish(second, {}, [&] { ++done; });
    EXPECT_NE(publisher.current(), first);
    ASSERT_EQ(readies.size(), 1U);
    readies[0]();
    EXPECT_EQ(publisher.current(), first);
    EXPECT_EQ(done, 1);
    ASSERT_EQ(readies.size(), 2U);
    readies[1]();
    EXPECT_EQ(heard, (std::vector<ImagePtr>{first, second}));
    EXPECT_EQ(done, 2);
}

}  // namespace
}  // namespace kcore::metadata
