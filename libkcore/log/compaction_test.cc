// Compaction against a model, its rules one by one, and its exchange of files under power cuts and
// failing calls.

#include "log/compaction.h"

#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "io/fault_disk.h"
#include "log/test_log.h"
#include "record/scan.h"

namespace kcore::log {
namespace {

using io::SeededRandom;
using testing::Broker;
using testing::marker;

constexpr std::int64_t kDay = 86'400'000;

struct Put {
    std::string key;
    std::optional<std::string> value = "v";
};

struct Sender {
    std::int64_t id = -1;
    std::int32_t sequence = 0;
    bool is_transactional = false;
};

Bytes keyed(const std::vector<Put>& puts, std::int64_t timestamp, Sender sender = {},
            record::Codec codec = record::Codec::none) {
    record::BatchOptions options{.is_transactional = sender.is_transactional};
    if (sender.id >= 0) {
        options.producer_id = sender.id;
        options.producer_epoch = 0;
        options.base_sequence = sender.sequence;
    }
    record::BatchBuilder builder(options);
    for (const auto& put : puts) {
        std::optional<BytesView> value;
        if (put.value) value = as_bytes(*put.value);
        builder.append(timestamp, as_bytes(put.key), value);
    }
    record::Compressor compressor(codec);
    const auto bytes = builder.close(compressor);
    return {bytes->begin(), bytes->end()};
}

struct Seen {
    std::string key;
    std::optional<std::string> value;
    friend bool operator==(const Seen&, const Seen&) = default;
};

class Compacted {
public:
    explicit Compacted(io::Disk& disk) : broker(disk) {
        broker.config_.segment_bytes = 4'000;
        broker.config_.index_interval_bytes = 200;
        broker.config_.is_compacted = true;
        broker.config_.is_deleted = false;
        broker.config_.file_delete_delay_ms = 0;
    }

    Log& log() { return broker.log(); }

    std::int64_t append(Bytes bytes, Origin origin = Origin::client) {
        const auto done = broker.append(std::move(bytes), origin);
        EXPECT_TRUE(done) << done.error().what;
        log().set_high_watermark(log().log_end_offset());
        return done ? done->base_offset : -1;
    }
    std::int64_t put(const std::vector<Put>& puts, Sender sender = {}) {
        return append(keyed(puts, broker.now_ms_, sender));
    }
    // What was appended so far may be cleaned.
    Result<void> roll() {
        if (auto done = log().roll(broker.now_ms_); !done) return done;
        return broker.flush();
    }

    Result<void> compact(CompactionLimits limits = {.buffer_bytes = 1'000}) {
        auto range = log().cleanable(cleaned_to, broker.now_ms_);
        if (!range) return std::unexpected(range.error());
        auto input = log().begin_compaction(*std::move(range));
        if (!input) return std::unexpected(input.error());
        Compaction compaction(broker.dir().storage(), *std::move(input), limits, broker.now_ms_);
        for (;;) {
            const auto step = compaction.step();
            if (!step) return std::unexpected(step.error());
            if (*step == Compaction::Step::swap) {
                auto done = log().replace_segments(compaction.replacement(), broker.now_ms_);
                if (!done) return done;
            }
            if (*step == Compaction::Step::name) {
                auto done = log().name_replacement(compaction.replacement());
                if (!done) return done;
            }
            if (*step == Compaction::Step::cancelled) return fail(Errc::invalid_request, "");
            if (*step == Compaction::Step::done) break;
        }
        cleaned_to = compaction.cleaned_to();
        return {};
    }
    Result<void> roll_and_compact() {
        if (auto done = roll(); !done) return done;
        return compact();
    }

    std::map<std::int64_t, Seen> records(std::int64_t from = 0) {
        std::map<std::int64_t, Seen> found;
        record::Decompressor decompressor;
        const auto all = broker.read_all(from);
        record::BatchScanner scanner(all);
        while (scanner.next() == record::Scan::batch) {
            const auto batch = scanner.batch().v2();
            EXPECT_TRUE(batch.crc_ok());
            if (batch.is_control()) continue;
            const auto walked =
                record::for_each_record(batch, decompressor, [&](const record::RecordView& record) {
                    Seen seen{.key = std::string(as_text(*record.key)), .value = std::nullopt};
                    if (record.value) seen.value = as_text(*record.value);
                    found[record.offset] = seen;
                });
            EXPECT_TRUE(walked) << walked.error().what;
        }
        return found;
    }
    std::vector<record::BatchView> batches() {
        all_ = broker.read_all(0);
        std::vector<record::BatchView> found;
        record::BatchScanner scanner(all_);
        while (scanner.next() == record::Scan::batch) found.push_back(scanner.batch().v2());
        return found;
    }

    Broker broker;
    std::int64_t cleaned_to = -1;

private:
    Bytes all_;
};

class CompactionTest : public ::testing::Test {
protected:
    void SetUp() override { ASSERT_TRUE(node_.broker.open()); }
    void compact() {
        const auto done = node_.roll_and_compact();
        ASSERT_TRUE(done) << done.error().what;
    }
    bool exists(const std::string& name) {
        return disk_.stat("/data/orders-0/" + name)->has_value();
    }

    io::MemoryDisk disk_;
    Compacted node_{disk_};
};

TEST_F(CompactionTest, OnlyTheLastValueOfAKeyStaysAtItsOffset) {
    node_.put({{"a", "1"}, {"b", "1"}});
    node_.put({{"a", "2"}, {"c", "1"}});
    node_.put({{"a", "3"}});
    compact();
    const std::map<std::int64_t, Seen> expected{{1, {"b", "1"}}, {3, {"c", "1"}}, {4, {"a", "3"}}};
    EXPECT_EQ(node_.records(), expected);
    EXPECT_EQ(node_.log().log_end_offset(), 5);
    EXPECT_EQ(node_.cleaned_to, 5);
}

TEST_F(CompactionTest, TheActiveSegmentIsLeftAlone) {
    node_.put({{"a", "1"}});
    ASSERT_TRUE(node_.roll());
    node_.put({{"a", "2"}});
    ASSERT_TRUE(node_.compact());
    EXPECT_EQ(node_.records().size(), 2U);
    EXPECT_EQ(node_.cleaned_to, 1);
}

TEST_F(CompactionTest, ReadsInAGapFindTheNextRecord) {
    for (int i = 0; i < 100; ++i) node_.put({{"a", std::to_string(i)}});
    compact();
    for (std::int64_t offset = 0; offset < 100; ++offset) {
        const auto found = node_.records(offset);
        ASSERT_EQ(found.size(), 1U) << offset;
        EXPECT_EQ(found.begin()->first, 99);
    }
}

TEST_F(CompactionTest, SmallSegmentsBecomeOne) {
    for (int i = 0; i < 200; ++i) node_.put({{"key-" + std::to_string(i % 10), "value"}});
    ASSERT_GT(node_.log().size_bytes(), 12'000U);
    compact();
    EXPECT_LT(node_.log().size_bytes(), 4'000U);
    compact();
    EXPECT_TRUE(exists("00000000000000000000.log"));
    EXPECT_TRUE(exists("00000000000000000200.log"));
    EXPECT_FALSE(exists("00000000000000000040.log"));
}

TEST_F(CompactionTest, ATombstoneStaysUntilItsHorizonHasPassed) {
    node_.put({{"a", "1"}, {"b", "1"}});
    node_.put({{"a", std::nullopt}});
    compact();
    const std::map<std::int64_t, Seen> with{{1, {"b", "1"}}, {2, {"a", std::nullopt}}};
    EXPECT_EQ(node_.records(), with);
    EXPECT_EQ(node_.batches().back().delete_horizon(), node_.broker.now_ms_ + kDay);
    node_.broker.now_ms_ += kDay - 1;
    node_.put({{"c", "1"}});
    compact();
    EXPECT_EQ(node_.records().at(2), (Seen{"a", std::nullopt}));
    node_.broker.now_ms_ += 1;
    node_.put({{"c", "2"}});
    compact();
    EXPECT_FALSE(node_.records().contains(2));
}

TEST_F(CompactionTest, TimestampsSurviveTheHorizon) {
    node_.broker.now_ms_ = 5'000;
    node_.put({{"a", std::nullopt}, {"b", "1"}});
    node_.broker.now_ms_ = 9'000;
    compact();
    const auto found = node_.log().offset_for_timestamp(5'000);
    ASSERT_TRUE(found && *found);
    EXPECT_EQ((*found)->timestamp, 5'000);
    EXPECT_EQ((*found)->offset, 0);
}

TEST_F(CompactionTest, CompressedBatchesStayCompressed) {
    for (const auto codec :
         {record::Codec::gzip, record::Codec::snappy, record::Codec::lz4, record::Codec::zstd}) {
        node_.append(keyed({{"a", "1"}, {"x" + std::to_string(static_cast<int>(codec)), "1"}},
                           1'000, {}, codec));
    }
    node_.put({{"a", "2"}});
    compact();
    EXPECT_EQ(node_.records().size(), 5U);
    const auto batches = node_.batches();
    EXPECT_EQ(batches[0].codec(), record::Codec::gzip);
    EXPECT_EQ(batches[3].codec(), record::Codec::zstd);
    EXPECT_EQ(batches[3].base_offset(), 6);
    EXPECT_EQ(batches[3].last_offset(), 7);
}

TEST_F(CompactionTest, TheLastBatchOfAProducerStaysAsAHeader) {
    node_.put({{"a", "1"}}, {.id = 7, .sequence = 0});
    node_.put({{"a", "2"}}, {.id = 7, .sequence = 1});
    node_.put({{"a", "3"}});
    compact();
    const auto batches = node_.batches();
    ASSERT_EQ(batches.size(), 2U);
    EXPECT_EQ(batches[0].base_offset(), 1);
    EXPECT_EQ(batches[0].count(), 0);
    EXPECT_EQ(batches[0].last_sequence(), 1);
    // Also for a start that has nothing but the log.
    node_.broker.crash();
    ASSERT_TRUE(disk_.remove("/data/recovery-point-offset-checkpoint"));
    ASSERT_TRUE(node_.broker.open());
    const auto again =
        node_.broker.append(keyed({{"a", "2"}}, 1, {.id = 7, .sequence = 1}), Origin::client);
    ASSERT_TRUE(again) << again.error().what;
    EXPECT_TRUE(again->is_duplicate);
}

TEST_F(CompactionTest, AbortedDataGoesAtOnceAndItsMarkerLater) {
    node_.put({{"a", "committed"}});
    node_.put({{"a", "aborted"}}, {.id = 7, .is_transactional = true});
    node_.append(marker(false, 7), Origin::coordinator);
    node_.put({{"b", "1"}}, {.id = 7, .sequence = 1, .is_transactional = true});
    node_.append(marker(true, 7), Origin::coordinator);
    compact();
    const std::map<std::int64_t, Seen> expected{{0, {"a", "committed"}}, {3, {"b", "1"}}};
    EXPECT_EQ(node_.records(), expected);
    // A reader that has got as far as the data must still learn that it was aborted.
    EXPECT_EQ(node_.log().aborted_transactions(0, 5)->size(), 1U);
    EXPECT_EQ(node_.batches()[1].base_offset(), 2);
    node_.put({{"c", "1"}});
    compact();
    EXPECT_EQ(node_.batches()[1].delete_horizon(), node_.broker.now_ms_ + kDay);
    EXPECT_TRUE(node_.log().aborted_transactions(0, 5)->empty());
    node_.broker.now_ms_ += kDay;
    node_.put({{"c", "2"}});
    compact();
    EXPECT_EQ(node_.batches()[1].base_offset(), 3);
    EXPECT_EQ(node_.records().at(0), (Seen{"a", "committed"}));
}

TEST_F(CompactionTest, AnOpenTransactionHoldsItBack) {
    node_.put({{"a", "1"}});
    ASSERT_TRUE(node_.roll());
    node_.put({{"a", "2"}}, {.id = 7, .is_transactional = true});
    ASSERT_TRUE(node_.roll());
    node_.put({{"a", "3"}});
    compact();
    EXPECT_EQ(node_.cleaned_to, 1);
    EXPECT_EQ(node_.records().size(), 3U);
}

TEST_F(CompactionTest, WhatIsYoungerThanTheLagIsLeftAlone) {
    node_.broker.config_.min_compaction_lag_ms = 1'000;
    node_.log().set_config(node_.broker.config_ref());
    node_.put({{"a", "1"}});
    ASSERT_TRUE(node_.roll());
    node_.broker.now_ms_ += 2'000;
    node_.put({{"a", "2"}});
    compact();
    EXPECT_EQ(node_.cleaned_to, 1);
    node_.broker.now_ms_ += 1'001;
    compact();
    EXPECT_EQ(node_.cleaned_to, 2);
    EXPECT_EQ(node_.records().size(), 1U);
}

TEST_F(CompactionTest, WithLittleMemoryItTakesSeveralRounds) {
    for (int i = 0; i < 300; ++i) node_.put({{"key-" + std::to_string(i % 100), "v"}});
    ASSERT_TRUE(node_.roll());
    for (int round = 0; node_.cleaned_to < 300; ++round) {
        ASSERT_LT(round, 20);
        ASSERT_TRUE(node_.compact({.map_bytes = 24 * 32, .buffer_bytes = 1'000}));
    }
    EXPECT_EQ(node_.records().size(), 100U);
}

TEST_F(CompactionTest, ABatchOfMoreKeysThanFitIsCleanedInParts) {
    std::vector<Put> puts;
    for (int i = 0; i < 100; ++i) puts.push_back({"key-" + std::to_string(i), "v"});
    node_.put(puts);
    node_.put(puts);
    ASSERT_TRUE(node_.roll());
    while (node_.cleaned_to < 200) {
        const auto before = node_.cleaned_to;
        ASSERT_TRUE(node_.compact({.map_bytes = 24 * 32, .buffer_bytes = 1'000}));
        ASSERT_GT(node_.cleaned_to, before) << "a round for nothing";
    }
    const auto left = node_.records();
    EXPECT_EQ(left.size(), 100U);
    EXPECT_EQ(left.begin()->first, 100);
}

TEST_F(CompactionTest, DamageStopsItAndLeavesTheLogAsItWas) {
    node_.put({{"a", "1"}});
    node_.put({{"a", "2"}});
    ASSERT_TRUE(node_.roll());
    const auto before = node_.broker.read_all(0);
    auto file = *disk_.open("/data/orders-0/00000000000000000000.log", io::Open::write);
    ASSERT_TRUE(file->write(65, as_bytes("XX")));
    EXPECT_EQ(node_.compact().error().code, Errc::corrupt_message);
    EXPECT_FALSE(node_.broker.dir().is_offline());
    EXPECT_EQ(node_.broker.read_all(0).size(), before.size());
}

TEST_F(CompactionTest, ARemovalOfTheTopicEndsIt) {
    node_.put({{"a", "1"}});
    ASSERT_TRUE(node_.roll());
    auto input = node_.log().begin_compaction(*node_.log().cleanable(-1, 0));
    Compaction compaction(node_.broker.dir().storage(), *std::move(input), {}, 0);
    ASSERT_EQ(*compaction.step(), Compaction::Step::more);
    ASSERT_TRUE(node_.broker.remove(0));
    EXPECT_EQ(*compaction.step(), Compaction::Step::cancelled);
    EXPECT_FALSE(node_.broker.dir().is_offline());
}

// --- Against a model.

struct Model {
    std::map<std::string, std::pair<std::int64_t, std::optional<std::string>>> last;
    std::map<std::int64_t, Seen> all;

    void put(std::int64_t offset, const Put& put) {
        last[put.key] = {offset, put.value};
        all[offset] = {put.key, put.value};
    }
};

class ModelTest : public ::testing::TestWithParam<std::uint64_t> {
protected:
    void append(Compacted& node, Model& model, SeededRandom& random) {
        std::vector<Put> puts;
        for (auto n = 1 + random.below(5); n > 0; --n) {
            Put put{"key-" + std::to_string(random.below(60)),
                    std::string(random.below(60), 'v') + std::to_string(random.next())};
            if (random.below(8) == 0) put.value.reset();
            puts.push_back(std::move(put));
        }
        const auto codec = random.below(4) == 0 ? record::Codec::lz4 : record::Codec::none;
        auto base = node.append(keyed(puts, node.broker.now_ms_, {}, codec));
        for (const auto& put : puts) model.put(base++, put);
        node.broker.now_ms_ += static_cast<std::int64_t>(random.below(1'000));
    }

    // The last record of every key is there, but for tombstones; nothing that was never appended;
    // each offset finds the first record at or after it. What was appended after `durable` may be
    // there or not.
    static void expect_right(Compacted& node, const Model& model, const Model& durable) {
        const auto found = node.records();
        for (const auto& [key, entry] : durable.last) {
            const auto& [offset, value] = entry;
            const bool is_there =
                found.contains(offset) || found.contains(model.last.at(key).first);
            EXPECT_TRUE(is_there || !value) << key << " at " << offset;
        }
        for (const auto& [offset, seen] : found) EXPECT_EQ(model.all.at(offset), seen);
        for (std::int64_t offset = 0; offset < node.log().log_end_offset(); offset += 7) {
            const auto read = node.log().read(
                {.offset = offset, .up_to = node.log().log_end_offset(), .max_bytes = 1});
            ASSERT_TRUE(read) << read.error().what;
            const auto next = found.lower_bound(offset);
            if (next == found.end()) continue;
            ASSERT_GT(read->slice.size_bytes, 0U);
            Bytes bytes(read->slice.size_bytes);
            ASSERT_TRUE(read->slice.file->read(read->slice.position, bytes));
            ASSERT_LE(read_batch_header(bytes)->base_offset, next->first) << offset;
        }
    }
};

INSTANTIATE_TEST_SUITE_P(Workloads, ModelTest, ::testing::Range<std::uint64_t>(1, 13));

TEST_P(ModelTest, TheLastRecordOfEveryKeyIsReadAtItsOffset) {
    SeededRandom random(GetParam());
    io::MemoryDisk disk;
    Compacted node(disk);
    ASSERT_TRUE(node.broker.open());
    Model model;
    for (int i = 0; i < 400; ++i) {
        append(node, model, random);
        if (random.below(40) == 0) {
            const auto done = node.roll_and_compact();
            ASSERT_TRUE(done) << done.error().what;
            expect_right(node, model, model);
        }
        if (random.below(100) == 0) {
            ASSERT_TRUE(node.broker.stop());
            ASSERT_TRUE(node.broker.open());
            expect_right(node, model, model);
        }
    }
    ASSERT_TRUE(node.roll_and_compact());
    const auto found = node.records();
    expect_right(node, model, model);
    EXPECT_LE(found.size(), model.last.size());
}

TEST_P(ModelTest, ACrashAtAnyMomentOfACompactionLosesNothing) {
    SeededRandom random(GetParam());
    io::MemoryDisk memory;
    io::FaultDisk disk(memory);
    Compacted node(disk);
    ASSERT_TRUE(node.broker.open());
    Model model;
    for (int i = 0; i < 150; ++i) append(node, model, random);
    ASSERT_TRUE(node.roll());
    ASSERT_TRUE(node.broker.dir().write_recovery_points());
    const auto from = disk.effects();
    ASSERT_TRUE(node.compact());
    node.broker.dir().storage().purge(node.broker.now_ms_);
    const auto before = model;
    append(node, model, random);
    ASSERT_TRUE(node.roll());
    const auto flushed = disk.effects();
    ASSERT_TRUE(node.compact());
    for (std::uint64_t seed = 1; seed <= 60; ++seed) {
        SeededRandom dice(seed);
        const auto at = from + dice.below(disk.effects() - from + 1);
        SCOPED_TRACE(fmt::format("seed {}, after effect {}", seed, at));
        const auto left = disk.crashed(at, dice);
        Compacted again(*left);
        const auto opened = again.broker.open();
        ASSERT_TRUE(opened) << opened.error().what;
        again.broker.now_ms_ = node.broker.now_ms_;
        const auto& durable = at < flushed ? before : model;
        expect_right(again, model, durable);
        again.log().set_high_watermark(again.log().log_end_offset());
        ASSERT_TRUE(again.roll_and_compact());
        expect_right(again, model, durable);
        if (HasFailure()) return;
    }
}

TEST_P(ModelTest, AFailingCallHasItsConsequenceAndLosesNothing) {
    bool was_reached = true;
    for (std::uint64_t n = 1; was_reached; n += 1 + n / 20) {
        SeededRandom random(GetParam());
        io::MemoryDisk memory;
        io::FaultDisk disk(memory);
        Model model;
        {
            Compacted node(disk);
            ASSERT_TRUE(node.broker.open());
            for (int i = 0; i < 60; ++i) append(node, model, random);
            ASSERT_TRUE(node.roll());
            ASSERT_TRUE(node.broker.dir().write_recovery_points());
            disk.fail_call(n, GetParam() % 2 == 0 ? io::Fault::io_error : io::Fault::no_space);
            const auto done = node.compact();
            was_reached = disk.faults() > 0;
            disk.fail_call(0, io::Fault::io_error);  // None from here on.
            EXPECT_TRUE(done || was_reached);
            if (node.broker.failures_.empty()) expect_right(node, model, model);
        }
        SCOPED_TRACE(fmt::format("call {}: {}", n, disk.last_fault()));
        Compacted again(memory);
        const auto opened = again.broker.open();
        ASSERT_TRUE(opened) << opened.error().what;
        expect_right(again, model, model);
        if (HasFailure()) return;
    }
}

}  // namespace
}  // namespace kcore::log
