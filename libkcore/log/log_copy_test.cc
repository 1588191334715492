#include "log/log_copy.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "io/fault_disk.h"
#include "log/test_log.h"

namespace kcore::log {
namespace {

using io::SeededRandom;
using testing::BatchSpec;
using testing::Broker;
using testing::marker;

constexpr std::size_t kPiece = 700;

// Two directories of one broker; the partition of the first is copied into the second.
class Directories {
public:
    explicit Directories(io::Disk& disk) : disk_(disk), a(disk, "/a"), b(disk, "/b") {
        for (auto* broker : {&a, &b}) {
            broker->config_.segment_bytes = 2'000;
            broker->config_.index_interval_bytes = 200;
            broker->config_.file_delete_delay_ms = 0;
        }
        b.random_ = SeededRandom(2);
    }

    Result<void> open() {
        if (auto done = a.open(); !done) return done;
        if (auto done = b.start(); !done) return done;
        log = std::move(a.owned_log());
        return {};
    }

    Result<void> begin() {
        auto copy = b.dir().create_future(log->partition(), log->topic_id(),
                                          log->log_start_offset(), b.config_ref(), 0);
        if (!copy) return std::unexpected(copy.error());
        move.emplace(a.dir(), b.dir(), std::move(*copy));
        return {};
    }

    // One piece; then the end if it was the last. True when the log has moved.
    Result<bool> step() {
        const auto piece = move->next(*log, kPiece);
        if (!piece) return std::unexpected(piece.error());
        if (auto taken = move->take(*piece, 0); !taken) return std::unexpected(taken.error());
        if (!move->has_all_of(*piece)) return false;
        if (auto done = move->settle(); !done) return std::unexpected(done.error());
        auto finished = move->finish(log, 0);
        if (finished && *finished) {
            if (auto done = move->write_checkpoints(); !done) return std::unexpected(done.error());
        }
        return finished;
    }
    Result<void> run() {
        if (auto done = begin(); !done) return done;
        for (int steps = 0; steps < 1'000; ++steps) {
            const auto moved = step();
            if (!moved) return std::unexpected(moved.error());
            if (*moved) return {};
        }
        return fail(Errc::request_timed_out, "it never ends");
    }

    Result<Appended> append(const BatchSpec& spec, std::int32_t epoch = 0) {
        auto bytes = testing::batch(spec);
        return log->append_as_leader(bytes, Origin::client, epoch, 0);
    }
    Bytes read() {
        Bytes all;
        for (auto offset = log->log_start_offset();;) {
            const auto end = log->log_end_offset();
            const auto found = log->read({.offset = offset, .up_to = end, .max_bytes = 1 << 20});
            if (!found || found->slice.size_bytes == 0) return all;
            Bytes part(found->slice.size_bytes);
            EXPECT_EQ(found->slice.file->read(found->slice.position, part), part.size());
            for (BytesView rest(part); !rest.empty();) {
                const auto header = read_batch_header(rest);
                EXPECT_TRUE(header);
                if (!header || header->size_bytes > rest.size()) break;
                kcore::append(all, rest.first(header->size_bytes));
                offset = header->last_offset + 1;
                rest = rest.subspan(header->size_bytes);
            }
        }
    }
    std::vector<std::string> names(const std::string& directory) {
        std::vector<std::string> out;
        const auto entries = disk_.list(directory);
        for (const auto& entry : *entries) {
            if (entry.is_directory) out.push_back(entry.name);
        }
        return out;
    }

private:
    io::Disk& disk_;

public:
    Broker a;
    Broker b;
    std::unique_ptr<Log> log;
    std::optional<LogCopy> move;
};

class LogCopyTest : public ::testing::Test {
protected:
    void fill(int batches = 40) {
        for (int i = 0; i < batches; ++i) {
            ASSERT_TRUE(dirs_.append(
                {.records = 2, .producer_id = 7, .sequence = 2 * i, .value_bytes = 100}));
        }
        dirs_.log->set_high_watermark(dirs_.log->log_end_offset());
    }

    io::MemoryDisk disk_;
    Directories dirs_{disk_};
};

TEST_F(LogCopyTest, ALogMovesWithItsRecordsAndGoesOn) {
    ASSERT_TRUE(dirs_.open());
    fill();
    const auto before = dirs_.read();
    ASSERT_TRUE(dirs_.run());
    EXPECT_EQ(dirs_.log->path(), "/b/orders-0");
    EXPECT_EQ(dirs_.log->topic_id(), (Uuid{7, 8}));
    EXPECT_EQ(dirs_.read(), before);
    EXPECT_EQ(dirs_.log->high_watermark(), 80);
    EXPECT_EQ(dirs_.names("/b"), (std::vector<std::string>{"orders-0"}));
    // The old one waits for its unlink; the producer's sequence goes on where it was.
    ASSERT_EQ(dirs_.names("/a").size(), 1U);
    EXPECT_TRUE(dirs_.names("/a")[0].ends_with("-delete"));
    dirs_.a.dir().storage().purge(1);
    EXPECT_TRUE(dirs_.names("/a").empty());
    ASSERT_TRUE(dirs_.append({.records = 2, .producer_id = 7, .sequence = 80}));
    const auto gap = dirs_.append({.producer_id = 7, .sequence = 99});
    EXPECT_EQ(gap.error().code, Errc::out_of_order_sequence_number);
}

TEST_F(LogCopyTest, WhatIsAppendedMeanwhileComesToo) {
    ASSERT_TRUE(dirs_.open());
    fill();
    ASSERT_TRUE(dirs_.begin());
    bool has_moved = false;
    for (int i = 0; i < 200 && !has_moved; ++i) {
        if (i < 60) {
            ASSERT_TRUE(dirs_.append({.value_bytes = 50}));
        }
        const auto moved = dirs_.step();
        ASSERT_TRUE(moved) << moved.error().what;
        has_moved = *moved;
    }
    ASSERT_TRUE(has_moved);
    const auto end = dirs_.log->log_end_offset();
    EXPECT_GT(end, 80);
    ASSERT_TRUE(dirs_.append({}));
    EXPECT_EQ(dirs_.log->log_end_offset(), end + 1);
}

TEST_F(LogCopyTest, WhatIsCutOffMeanwhileIsCutOffTheCopy) {
    ASSERT_TRUE(dirs_.open());
    fill();
    ASSERT_TRUE(dirs_.begin());
    while (dirs_.move->marks()->log_end_offset < 60) ASSERT_TRUE(dirs_.step());
    ASSERT_TRUE(dirs_.log->truncate_to(40, 0));
    dirs_.log->assign_epoch(3);
    for (int i = 0; i < 40; ++i) ASSERT_TRUE(dirs_.append({.value_bytes = 90, .fill = 'n'}, 3));
    const auto expected = dirs_.read();
    for (bool has_moved = false; !has_moved;) {
        const auto moved = dirs_.step();
        ASSERT_TRUE(moved) << moved.error().what;
        has_moved = *moved;
    }
    EXPECT_EQ(dirs_.log->path(), "/b/orders-0");
    EXPECT_EQ(dirs_.read(), expected);
    EXPECT_EQ(dirs_.log->end_of_epoch(0), (EpochEnd{0, 40}));
}

TEST_F(LogCopyTest, FilesThatWaitForTheirUnlinkGoUnderTheNewName) {
    dirs_.b.config_.file_delete_delay_ms = 100;
    ASSERT_TRUE(dirs_.open());
    fill();
    ASSERT_TRUE(dirs_.begin());
    while (dirs_.move->marks()->log_end_offset < 60) ASSERT_TRUE(dirs_.step());
    ASSERT_TRUE(dirs_.log->truncate_to(10, 0));
    for (bool has_moved = false; !has_moved;) {
        const auto moved = dirs_.step();
        ASSERT_TRUE(moved) << moved.error().what;
        has_moved = *moved;
    }
    const auto count_deleted = [&] {
        const auto entries = disk_.list("/b/orders-0");
        return std::ranges::count_if(
            *entries, [](const auto& entry) { return entry.name.ends_with(".deleted"); });
    };
    EXPECT_GT(count_deleted(), 0);
    dirs_.b.dir().storage().purge(100);
    EXPECT_EQ(count_deleted(), 0);
}

TEST_F(LogCopyTest, WhatIsDeletedMeanwhileStaysDeleted) {
    ASSERT_TRUE(dirs_.open());
    fill();
    ASSERT_TRUE(dirs_.log->set_log_start_offset(11));  // Inside a batch.
    ASSERT_TRUE(dirs_.begin());
    ASSERT_TRUE(dirs_.step());
    ASSERT_TRUE(dirs_.log->set_log_start_offset(51));
    for (bool has_moved = false; !has_moved;) {
        const auto moved = dirs_.step();
        ASSERT_TRUE(moved) << moved.error().what;
        has_moved = *moved;
    }
    EXPECT_EQ(dirs_.log->log_start_offset(), 51);
    EXPECT_EQ(dirs_.log->read({.offset = 51, .up_to = 80, .max_bytes = 1})->slice.size_bytes > 0,
              true);
    // After a restart as well.
    ASSERT_TRUE(dirs_.log->close(0));
    dirs_.log.reset();
    ASSERT_TRUE(dirs_.b.dir().close(1, true));
    dirs_.b.crash();
    ASSERT_TRUE(dirs_.b.open());
    EXPECT_EQ(dirs_.b.log().log_start_offset(), 51);
    EXPECT_EQ(dirs_.b.log().log_end_offset(), 80);
}

TEST_F(LogCopyTest, AnEmptyLogThatBeginsLateMoves) {
    ASSERT_TRUE(dirs_.open());
    ASSERT_TRUE(dirs_.log->truncate_fully_and_start_at(500, 0));
    dirs_.log->assign_epoch(4);
    ASSERT_TRUE(dirs_.run());
    EXPECT_EQ(dirs_.log->path(), "/b/orders-0");
    EXPECT_EQ(dirs_.log->log_start_offset(), 500);
    EXPECT_EQ(dirs_.log->epochs().latest(), 4);
    EXPECT_EQ(dirs_.append({}, 4)->base_offset, 500);
}

TEST_F(LogCopyTest, OpenAndAbortedTransactionsComeAlong) {
    ASSERT_TRUE(dirs_.open());
    ASSERT_TRUE(dirs_.append({.producer_id = 1, .is_transactional = true}));
    auto abort = marker(false, 1);
    ASSERT_TRUE(dirs_.log->append_as_leader(abort, Origin::coordinator, 0, 0));
    ASSERT_TRUE(dirs_.append({.producer_id = 2, .is_transactional = true}));
    ASSERT_TRUE(dirs_.append({}));
    dirs_.log->set_high_watermark(4);
    const auto aborted = *dirs_.log->aborted_transactions(0, 4);
    ASSERT_EQ(aborted.size(), 1U);
    ASSERT_TRUE(dirs_.run());
    EXPECT_EQ(*dirs_.log->aborted_transactions(0, 4), aborted);
    EXPECT_EQ(dirs_.log->last_stable_offset(), 2);
}

TEST_F(LogCopyTest, AMoveGoesOnAfterAStop) {
    ASSERT_TRUE(dirs_.open());
    fill();
    const auto before = dirs_.read();
    ASSERT_TRUE(dirs_.begin());
    ASSERT_TRUE(dirs_.step());
    ASSERT_TRUE(dirs_.move->keep(0));
    ASSERT_TRUE(dirs_.b.dir().close(1, true));
    dirs_.b.crash();
    ASSERT_TRUE(dirs_.b.start());
    const auto found = dirs_.b.dir().found();
    ASSERT_EQ(found.size(), 1U);
    ASSERT_EQ(found[0].name.kind, DirKind::future);
    auto copy = dirs_.b.dir().load(found[0], dirs_.b.config_ref(), 0);
    ASSERT_TRUE(copy);
    EXPECT_GT((*copy)->log_end_offset(), 0);
    dirs_.move.emplace(dirs_.a.dir(), dirs_.b.dir(), std::move(*copy));
    for (bool has_moved = false; !has_moved;) {
        const auto moved = dirs_.step();
        ASSERT_TRUE(moved) << moved.error().what;
        has_moved = *moved;
    }
    EXPECT_EQ(dirs_.log->path(), "/b/orders-0");
    EXPECT_EQ(dirs_.read(), before);
}

TEST_F(LogCopyTest, AMoveThatIsCalledOffLeavesNothing) {
    ASSERT_TRUE(dirs_.open());
    fill();
    ASSERT_TRUE(dirs_.begin());
    ASSERT_TRUE(dirs_.step());
    ASSERT_TRUE(dirs_.move->remove(0));
    dirs_.b.dir().storage().purge(1);
    EXPECT_TRUE(dirs_.names("/b").empty());
    EXPECT_EQ(dirs_.b.dir().partitions(), 0U);
}

TEST_F(LogCopyTest, WhatWasCleanedCountsAsCleanedThere) {
    ASSERT_TRUE(dirs_.open());
    fill();
    ASSERT_TRUE(dirs_.a.dir().set_cleaned_to({"orders", 0}, 33));
    ASSERT_TRUE(dirs_.run());
    EXPECT_EQ(dirs_.b.dir().cleaned_to({"orders", 0}), 33);
    EXPECT_EQ(dirs_.a.dir().cleaned_to({"orders", 0}), -1);
}

TEST_F(LogCopyTest, APausedLogHasNothingToClean) {
    ASSERT_TRUE(dirs_.open());
    fill();
    while (auto work = dirs_.log->begin_flush()) {
        work->run();
        ASSERT_TRUE(dirs_.log->finish_flush(*work));
    }
    ASSERT_GT(dirs_.log->cleanable(-1, 0)->dirty_bytes, 0U);
    dirs_.log->pause_compaction(true);
    EXPECT_EQ(dirs_.log->cleanable(-1, 0)->dirty_bytes, 0U);
    dirs_.log->pause_compaction(false);
    EXPECT_GT(dirs_.log->cleanable(-1, 0)->dirty_bytes, 0U);
}

// Every call to the disk fails once, then for good: nothing that was acknowledged is lost, and one
// of the two directories has all of it under the plain name.
TEST(LogCopyFaultTest, NothingIsLostWhicheverCallFails) {
    for (const bool for_good : {false, true}) {
        for (std::uint64_t n = 1;; ++n) {
            SCOPED_TRACE(fmt::format("call {}{}", n, for_good ? " and all that follow" : ""));
            io::MemoryDisk memory;
            io::FaultDisk disk(memory);
            Directories dirs(disk);
            ASSERT_TRUE(dirs.open());
            for (int i = 0; i < 30; ++i) ASSERT_TRUE(dirs.append({.value_bytes = 100}));
            dirs.log->set_high_watermark(30);
            const auto before = dirs.read();
            disk.fail_call(n, io::Fault::io_error, for_good);
            const auto moved = dirs.run();
            const bool has_failed = disk.faults() > 0;
            if (!has_failed) {
                EXPECT_TRUE(moved);
                break;
            }
            disk.fail_call(0, io::Fault::io_error);
            const bool is_there = dirs.log->path() == "/b/orders-0";
            EXPECT_TRUE(is_there || !moved);
            const bool is_readable =
                !(is_there ? dirs.b.dir().is_offline() : dirs.a.dir().is_offline());
            if (is_readable) {
                EXPECT_EQ(dirs.read(), before);
            }
            // What the disk holds, as the next start finds it.
            dirs.move.reset();
            dirs.log.reset();
            dirs.a.crash();
            dirs.b.crash();
            Broker again(memory, is_there ? "/b" : "/a");
            again.config_ = dirs.a.config_;
            ASSERT_TRUE(again.open());
            EXPECT_EQ(again.read_all(0), before);
            if (::testing::Test::HasFailure()) return;
        }
    }
}

// A power cut at any moment: what was flushed before is there, under the plain name.
TEST(LogCopyCrashTest, APowerCutLeavesAWholeLogInOneDirectory) {
    io::MemoryDisk memory;
    io::FaultDisk disk(memory);
    Directories dirs(disk);
    ASSERT_TRUE(dirs.open());
    for (int i = 0; i < 30; ++i) ASSERT_TRUE(dirs.append({.value_bytes = 100}));
    dirs.log->set_high_watermark(30);
    while (auto work = dirs.log->begin_flush()) {
        work->run();
        ASSERT_TRUE(dirs.log->finish_flush(*work));
    }
    ASSERT_TRUE(dirs.a.dir().write_recovery_points());
    const auto before = dirs.read();
    const auto first = disk.effects();
    ASSERT_TRUE(dirs.run());
    dirs.a.dir().storage().purge(1);
    const auto last = disk.effects();
    for (std::uint64_t seed = 1; seed <= 400; ++seed) {
        SeededRandom random(seed);
        const auto at = first + random.below(last - first + 1);
        SCOPED_TRACE(fmt::format("seed {}, after effect {}", seed, at));
        const auto image = disk.crashed(at, random);
        bool is_there = false;
        for (const auto* path : {"/a", "/b"}) {
            if (!(*image->stat(std::string(path) + "/orders-0"))) continue;
            Broker broker(*image, path);
            broker.config_ = dirs.a.config_;
            ASSERT_TRUE(broker.open());
            EXPECT_EQ(broker.read_all(0), before) << path;
            is_there = true;
        }
        EXPECT_TRUE(is_there);
        if (::testing::Test::HasFailure()) return;
    }
}

}  // namespace
}  // namespace kcore::log
