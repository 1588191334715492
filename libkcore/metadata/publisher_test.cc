#include "metadata/publisher.h"

#include <gtest/gtest.h>

namespace kcore::metadata {
namespace {

TEST(PublisherTest, PreparersHearBeforeTheImageIsCurrentAndSubscribersAfter) {
    Publisher publisher;
    const auto image = std::make_shared<const Image>();
    std::vector<bool> was_current;
    const auto note = [&](const ImagePtr&, const ImagePtr& after, const Changes&) {
        was_current.push_back(publisher.current() == after);
    };
    publisher.subscribe(note);
    publisher.prepare(note);
    publisher.publish(image, {});
    EXPECT_EQ(was_current, (std::vector<bool>{false, true}));
}

}  // namespace
}  // namespace kcore::metadata
