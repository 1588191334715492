#include "broker/input.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <string>
#include <vector>

#include "io/virtual_loop.h"

namespace kcore::broker {
namespace {

class InputTest : public testing::Test {
protected:
    // `text` as a frame.
    static Bytes framed(std::string_view text) {
        Bytes bytes;
        append_be<std::int32_t>(bytes, static_cast<std::int32_t>(text.size()));
        append(bytes, as_bytes(text));
        return bytes;
    }

    // Feeds at most `step` bytes at a time and takes every frame that is whole.
    std::vector<std::string> feed(BytesView bytes, std::size_t step) {
        std::vector<std::string> frames;
        while (!bytes.empty()) {
            auto room = input.room();
            const auto size = std::min({step, room.size(), bytes.size()});
            std::copy_n(bytes.begin(), size, room.begin());
            input.received(size);
            bytes = bytes.subspan(size);
            for (;;) {
                const auto frame = input.frame();
                if (!frame || !*frame) break;
                frames.emplace_back(as_text(**frame));
                input.drop_frame();
            }
        }
        return frames;
    }

    io::VirtualClock clock;
    io::VirtualLoop loop{clock};
    BufferPool pool{loop};
    Input input{pool, 10 << 20};
};

TEST_F(InputTest, FramesAreWholeHoweverTheirBytesArrive) {
    Bytes all;
    for (const auto* text : {"first", "", "a third one", "x"}) append(all, framed(text));
    const std::vector<std::string> want{"first", "", "a third one", "x"};
    for (std::size_t step = 1; step <= all.size(); ++step) EXPECT_EQ(feed(all, step), want);
}

TEST_F(InputTest, AFrameLargerThanAnyBufferGrowsIt) {
    const std::string large(3 << 20, 'y');
    auto all = framed("before");
    append(all, framed(large));
    append(all, framed("after"));
    const std::vector<std::string> want{"before", large, "after"};
    EXPECT_EQ(feed(all, 50'000), want);
}

TEST_F(InputTest, AnAnnouncedSizeTakesNoMemoryBeforeItsBytes) {
    Bytes head;
    append_be<std::int32_t>(head, 9 << 20);
    EXPECT_TRUE(feed(head, 4).empty());
    input.room();
    EXPECT_LE(input.held_bytes(), 64U << 10);
}

TEST_F(InputTest, SizesBelowZeroAndAboveTheLimitAreRefused) {
    for (const std::int32_t size : {-1, std::numeric_limits<std::int32_t>::min(), (10 << 20) + 1,
                                    std::numeric_limits<std::int32_t>::max()}) {
        Input fresh(pool, 10 << 20);
        store_be(fresh.room().data(), size);
        fresh.received(4);
        EXPECT_FALSE(fresh.frame().has_value()) << size;
    }
}

TEST_F(InputTest, NothingIsHeldBetweenFrames) {
    feed(framed("one"), 100);
    input.rest();
    EXPECT_EQ(input.held_bytes(), 0U);
}

TEST_F(InputTest, BytesOfAFrameBegunAreKept) {
    auto all = framed("one two");
    feed(BytesView(all).first(6), 100);
    input.rest();
    const std::vector<std::string> want{"one two"};
    EXPECT_EQ(feed(BytesView(all).subspan(6), 100), want);
}

TEST_F(InputTest, ThePoolLetsGoWhenNobodyTakesBuffers) {
    feed(framed("one"), 100);
    input.rest();
    EXPECT_GT(pool.held_bytes(), 0U);
    loop.advance(io::Milliseconds(20'000));
    EXPECT_EQ(pool.held_bytes(), 0U);
    EXPECT_FALSE(loop.step()) << "a timer is left on an idle loop";
}

}  // namespace
}  // namespace kcore::broker
