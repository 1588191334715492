// The n-th call to the disk fails, for every n of a workload: no crash, the consequence that the
// headers state, and nothing acknowledged is lost.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "io/fault_disk.h"
#include "log/test_log.h"

namespace kcore::log {
namespace {

using testing::batch;
using testing::Broker;

constexpr std::int64_t kProducer = 42;

// What the outside was told.
struct Told {
    Bytes appended;  // Acknowledged batches as they were stored.
    std::int64_t end = 0;
    std::int64_t start = 0;
    std::int32_t next_sequence = 0;
    std::vector<std::string> errors;
};

class FaultTest : public ::testing::TestWithParam<io::Fault> {
protected:
    static void configure(Broker& broker) {
        broker.config_.segment_bytes = 2'000;
        broker.config_.index_interval_bytes = 100;
        broker.config_.file_delete_delay_ms = 0;
    }

    // Keeps errors; the workload goes on while the directory is online.
    static bool ok(const Result<void>& done, Told& told) {
        if (!done) told.errors.push_back(done.error().what);
        return done.has_value();
    }

    static void append(Broker& broker, Told& told) {
        auto bytes = batch({.records = 2,
                            .producer_id = kProducer,
                            .sequence = told.next_sequence,
                            .value_bytes = 150});
        const auto appended = broker.log().append_as_leader(bytes, Origin::client, 1, 0);
        if (!appended) {
            told.errors.push_back(appended.error().what);
            return;
        }
        EXPECT_EQ(appended->base_offset, told.end);
        told.end = appended->last_offset + 1;
        told.next_sequence += 2;
        kcore::append(told.appended, bytes);
    }

    static void work(Broker& broker, Told& told) {
        if (!ok(broker.open(), told)) return;
        const auto is_over = [&] { return broker.dir().is_offline(); };
        for (int i = 0; i < 24 && !is_over(); ++i) {
            append(broker, told);
            if (i % 4 == 3 && !is_over()) ok(broker.flush(), told);
        }
        if (is_over() || !ok(broker.dir().write_recovery_points(), told)) return;
        broker.log().set_high_watermark(told.end);
        if (is_over() || !ok(broker.dir().write_high_watermarks(), told)) return;
        const auto read = broker.log().read({.offset = 0, .up_to = told.end, .max_bytes = 1});
        if (!read) told.errors.push_back(read.error().what);
        if (is_over()) return;
        const auto found = broker.log().max_timestamp();
        if (!found) told.errors.push_back(found.error().what);
        told.start = 10;  // It may have moved even if the call then fails.
        if (is_over() || !ok(broker.log().set_log_start_offset(10), told)) return;
        if (!ok(broker.dir().write_log_starts(), told)) return;
        if (is_over() || !ok(broker.dir().write_recovery_points(), told)) return;
        if (is_over()) return;
        const auto dropped = broker.log().drop_old_segments(0);
        if (!dropped) told.errors.push_back(dropped.error().what);
        if (is_over() || !ok(broker.flush(), told)) return;
        broker.dir().storage().purge(1'000);
        if (is_over() || !ok(broker.dir().write_log_starts(), told)) return;
        if (!ok(broker.stop(), told)) return;
        if (!ok(broker.open(), told)) return;
        for (int i = 0; i < 4 && !is_over(); ++i) append(broker, told);
        if (!is_over()) ok(broker.stop(), told);
    }

    // A broker that starts on what is left finds all of it.
    static void expect_intact(io::Disk& disk, const Told& told) {
        Broker broker(disk);
        configure(broker);
        const auto opened = broker.open();
        ASSERT_TRUE(opened) << opened.error().what;
        EXPECT_EQ(broker.log().log_end_offset(), told.end);
        const auto start = broker.log().log_start_offset();
        EXPECT_LE(start, told.start);
        const auto found = broker.read_all(start);
        ASSERT_LE(found.size(), told.appended.size());
        EXPECT_EQ(found, to_bytes(BytesView(told.appended).last(found.size())));
        if (told.end == 0) return;
        const auto again = broker.append({.records = 2,
                                          .producer_id = kProducer,
                                          .sequence = told.next_sequence - 2,
                                          .value_bytes = 150});
        ASSERT_TRUE(again) << again.error().what;
        EXPECT_TRUE(again->is_duplicate);
        const auto next = broker.append(
            {.producer_id = kProducer, .sequence = told.next_sequence, .value_bytes = 150});
        ASSERT_TRUE(next) << next.error().what;
        EXPECT_EQ(next->base_offset, told.end);
    }
};

INSTANTIATE_TEST_SUITE_P(Faults, FaultTest,
                         ::testing::Values(io::Fault::io_error, io::Fault::no_space,
                                           io::Fault::short_write),
                         [](const auto& which) {
                             switch (which.param) {
                                 case io::Fault::io_error:
                                     return "IoError";
                                 case io::Fault::no_space:
                                     return "NoSpace";
                                 case io::Fault::short_write:
                                     break;
                             }
                             return "ShortWrite";
                         });

// Failures of these change nothing that anybody was promised.
bool is_harmless(const std::string& call) {
    return call.starts_with("reserve") || call.contains(".deleted");
}

TEST_P(FaultTest, EachFailingCallHasItsConsequenceAndLosesNothing) {
    std::uint64_t n = 1;
    for (bool was_reached = true; was_reached; ++n) {
        io::MemoryDisk memory;
        io::FaultDisk disk(memory);
        Told told;
        {
            Broker broker(disk);
            configure(broker);
            disk.fail_call(n, GetParam());
            work(broker, told);
            was_reached = disk.faults() > 0;
            SCOPED_TRACE(fmt::format("call {}: {}", n, disk.last_fault()));
            const bool is_noticed = !told.errors.empty() || !broker.failures_.empty() ||
                                    broker.lines_->text().contains("No space left");
            if (!is_harmless(disk.last_fault())) {
                EXPECT_EQ(is_noticed, was_reached);
            }
        }
        SCOPED_TRACE(fmt::format("after call {}: {}", n, disk.last_fault()));
        expect_intact(memory, told);
        if (HasFailure()) return;
    }
    EXPECT_GT(n, 100U);
}

TEST_P(FaultTest, ADiskThatFailsFromSomeCallOnLosesNothing) {
    io::MemoryDisk clean;
    io::FaultDisk counted(clean);
    Told all;
    {
        Broker broker(counted);
        configure(broker);
        work(broker, all);
    }
    ASSERT_TRUE(all.errors.empty()) << all.errors.front();
    for (std::uint64_t n = 1; n <= counted.calls(); n += 3) {
        io::MemoryDisk memory;
        io::FaultDisk disk(memory);
        Told told;
        {
            Broker broker(disk);
            configure(broker);
            disk.fail_call(n, GetParam(), true);
            work(broker, told);
            EXPECT_FALSE(told.errors.empty() && broker.failures_.empty() &&
                         !is_harmless(disk.last_fault()));
        }
        SCOPED_TRACE(fmt::format("from call {} on", n));
        expect_intact(memory, told);
        if (HasFailure()) return;
    }
}

TEST(FailedSyncTest, TakesTheDirectoryOfflineAndIsNeverTriedAgain) {
    io::MemoryDisk memory;
    io::FaultDisk disk(memory);
    Broker broker(disk);
    ASSERT_TRUE(broker.open());
    ASSERT_TRUE(broker.append({}));
    const auto work = broker.log().begin_flush();
    disk.fail_call(1, io::Fault::io_error);
    work->run();
    broker.log().finish_flush(*work);
    EXPECT_EQ(work->result().error().code, Errc::kafka_storage_error);
    EXPECT_TRUE(broker.dir().is_offline());
    EXPECT_EQ(broker.failures_.size(), 1U);
    EXPECT_EQ(broker.log().recovery_point(), 0);
    EXPECT_EQ(broker.append({}).error().code, Errc::kafka_storage_error);
    EXPECT_EQ(broker.log().begin_flush(), nullptr);
    const auto calls = disk.calls();
    EXPECT_FALSE(broker.stop());
    EXPECT_EQ(disk.calls(), calls);
    EXPECT_FALSE(memory.stat("/data/.kafka_cleanshutdown")->has_value());
}

}  // namespace
}  // namespace kcore::log
