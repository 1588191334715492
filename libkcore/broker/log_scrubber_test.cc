#include "broker/log_scrubber.h"

#include <algorithm>

#include "broker/test_server.h"
#include "log/checkpoint.h"
#include "protocol/api/delete_records.h"
#include "protocol/api/incremental_alter_configs.h"
#include "protocol/api/produce.h"
#include "record/builder.h"

namespace kcore::broker {
namespace {

constexpr auto kFirstSegment = "/data/logs-0/00000000000000000000.log";

class LogScrubberTest : public ServerTest {
protected:
    // Five closed segments of two batches each, and one that is open.
    void start_with_segments(const ConfigMap& settings = {}) {
        ConfigMap with = {{"kcore.scrub.interval.ms", "600000"}};
        for (const auto& [key, value] : settings) with[key] = value;
        ASSERT_TRUE(start(with));
        ASSERT_EQ(create("logs", 1, {{"internal.segment.bytes", "1000"}}), 0);
        for (int i = 0; i < 11; ++i) ASSERT_EQ(produce(), 0);
        ASSERT_TRUE((*disk.stat("/data/logs-0/00000000000000000008.log")).has_value());
    }
    std::int16_t produce() {
        record::BatchBuilder builder;
        builder.append(clock.wall_ms(), std::nullopt, as_bytes(std::string(400, 'v')));
        builder.close();
        const auto batch = builder.take();
        protocol::ProduceRequest request;
        request.acks = 1;
        auto& data = request.topic_data.emplace_back();
        data.name = "logs";
        data.topic_id = metadata_of("logs").topics.at(0).topic_id;
        data.partition_data.emplace_back().records = protocol::Records(batch);
        return ask(std::move(request)).responses.at(0).partition_responses.at(0).error_code;
    }
    void flip(const std::string& path, std::uint64_t at) {
        auto file = *disk.open(path, io::Open::write);
        std::byte byte{};
        ASSERT_TRUE(file->read(at, std::span(&byte, 1)));
        byte ^= std::byte{0x10};
        ASSERT_TRUE(file->write(at, BytesView(&byte, 1)));
    }
    void pass() { loop.advance(io::Milliseconds(700'000)); }
    std::int64_t times_said(std::string_view text) const {
        return std::ranges::count_if(sink->lines(), [&](const std::string& line) {
            return line.find(text) != std::string::npos;
        });
    }
    bool shows(const std::string& sample) const {
        return server->page("/metrics").body.find(sample + "\n") != std::string::npos;
    }
};

TEST_F(LogScrubberTest, ClosedSegmentsAreReadAgainOnceAnInterval) {
    start_with_segments();
    EXPECT_TRUE(shows("kcore_log_scrubber_passes_total 0"));
    pass();
    EXPECT_TRUE(shows("kcore_log_scrubber_passes_total 1"));
    EXPECT_TRUE(shows("kcore_log_scrubber_segments_total 5"));
    EXPECT_TRUE(shows("kcore_log_scrubber_damaged_segments 0"));
    pass();
    EXPECT_TRUE(shows("kcore_log_scrubber_segments_total 10"));
    EXPECT_FALSE(said("bit rot"));
}

TEST_F(LogScrubberTest, AFlippedBitIsToldOnceWithItsFileAndOffset) {
    start_with_segments();
    flip(kFirstSegment, 471 + 100);  // In the second of two batches.
    pass();
    pass();
    EXPECT_EQ(times_said("bit rot found partition=logs-0 path=" + std::string(kFirstSegment)), 1);
    EXPECT_TRUE(said("offset=1 error=\"at position"));
    EXPECT_TRUE(shows("kcore_log_scrubber_damaged_segments 1"));
    EXPECT_EQ(produce(), 0) << "it goes on being served";
    flip(kFirstSegment, 471 + 100);
    pass();
    EXPECT_TRUE(shows("kcore_log_scrubber_damaged_segments 0"));
}

TEST_F(LogScrubberTest, ASegmentThatIsCutShortIsTold) {
    start_with_segments();
    ASSERT_TRUE((*disk.open(kFirstSegment, io::Open::write))->truncate(500));
    pass();
    EXPECT_TRUE(said("bit rot found partition=logs-0 path=" + std::string(kFirstSegment)));
}

TEST_F(LogScrubberTest, ItReadsNoFasterThanItMay) {
    start_with_segments({{"kcore.scrub.bytes.per.second", "1"}});
    loop.advance(io::Milliseconds(600'000 + 900'000));
    EXPECT_TRUE(shows("kcore_log_scrubber_segments_total 1"));
    EXPECT_TRUE(shows("kcore_log_scrubber_passes_total 0"));
}

TEST_F(LogScrubberTest, ItCanBeTurnedOffAndOnAgain) {
    start_with_segments({{"kcore.scrub.bytes.per.second", "0"}});
    pass();
    EXPECT_TRUE(shows("kcore_log_scrubber_bytes_total 0"));
    protocol::IncrementalAlterConfigsRequest request;
    auto& resource = request.resources.emplace_back();
    resource.resource_type = 4;
    auto& config = resource.configs.emplace_back();
    config.name = "kcore.scrub.bytes.per.second";
    config.value = "1000000";
    ASSERT_EQ(ask(std::move(request)).responses.at(0).error_code, 0);
    loop.advance(io::Milliseconds(120'000));
    EXPECT_TRUE(shows("kcore_log_scrubber_segments_total 5"));
}

TEST_F(LogScrubberTest, AReadThatFailsTakesTheDirectoryOffline) {
    start_with_segments();
    disk.fail_below("/data/logs-0");
    pass();
    EXPECT_TRUE(fatal.has_value()) << "it is the only one";
}

}  // namespace
}  // namespace kcore::broker
