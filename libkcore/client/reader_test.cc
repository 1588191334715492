#include "client/reader.h"

#include <gtest/gtest.h>

#include "record/builder.h"
#include "record/control.h"

namespace kcore::client {
namespace {

using record::ControlType;

// A log of one partition, written batch by batch.
class ReaderTest : public ::testing::Test {
protected:
    void batch(std::initializer_list<const char*> values, std::int64_t producer_id = -1) {
        record::BatchOptions options;
        options.producer_id = producer_id;
        options.producer_epoch = producer_id < 0 ? -1 : 0;
        options.base_sequence = producer_id < 0 ? -1 : 0;
        options.is_transactional = producer_id >= 0;
        record::BatchBuilder builder(options);
        for (const auto* value : values) builder.append(1, std::nullopt, as_bytes(value));
        add(builder);
    }
    void marker(ControlType type, std::int64_t producer_id) {
        record::BatchOptions options;
        options.producer_id = producer_id;
        options.producer_epoch = 0;
        options.is_transactional = true;
        options.is_control = true;
        record::BatchBuilder builder(options);
        const auto key = record::control_key(type);
        const auto value = record::marker_value(0);
        builder.append(1, key, value);
        add(builder);
    }
    void add(record::BatchBuilder& builder) {
        auto bytes = builder.close();
        record::set_base_offset(bytes, next);
        next += builder.count();
        append(log, bytes);
    }

    Fetched fetched() const {
        Fetched out;
        out.partition = {"t", 0};
        out.number = number;
        out.records = log;
        out.aborted = aborted;
        return out;
    }
    std::string read(Fetched from, int at_most = 100) {
        std::string out;
        const auto visit = [&](const ConsumedRecord& record) {
            out += std::to_string(record.offset) + (record.is_control ? "!" : "=");
            if (record.value && !record.is_control) out += as_text(*record.value);
            out += ' ';
            return --at_most > 0;
        };
        auto walked = reader.walk(from, visit);
        if (!walked) return out + std::string(errc_name(walked.error().code));
        rest = std::move(from);
        return out;
    }
    std::int64_t position() { return reader.find({"t", 0})->position; }
    void assign(std::int64_t start, std::int64_t end = kNoEnd) {
        reader.assign({{{{"t", 0}, start, end}, ++number}});
    }

    Reader reader{Reader::Rules()};
    Bytes log;
    std::int64_t next = 0;
    std::uint64_t number = 0;
    std::vector<AbortedTransaction> aborted;
    Fetched rest;
};

TEST_F(ReaderTest, RecordsFromThePositionToTheEndAreVisited) {
    batch({"a", "b", "c"});
    batch({"d", "e"});
    assign(1, 4);
    EXPECT_EQ(read(fetched()), "1=b 2=c 3=d ");
    EXPECT_TRUE(reader.is_finished());
}

TEST_F(ReaderTest, AStoppedVisitGoesOnBehindItsRecord) {
    batch({"a", "b"});
    batch({"c"});
    assign(0);
    EXPECT_EQ(read(fetched(), 1), "0=a ");
    EXPECT_EQ(read(rest), "1=b 2=c ");
    EXPECT_EQ(position(), 3);
}

TEST_F(ReaderTest, ARestartMovesThePositionDown) {
    batch({"a", "b"});
    assign(90);
    EXPECT_EQ(read(fetched()), "");
    Fetched marker;
    marker.partition = {"t", 0};
    marker.number = number;
    marker.restart_at = 0;
    EXPECT_EQ(read(marker), "");
    EXPECT_EQ(read(fetched()), "0=a 1=b ");
}

TEST_F(ReaderTest, ARestartUpReachesTheEndWithoutARecord) {
    assign(5, 50);
    Fetched marker;
    marker.partition = {"t", 0};
    marker.number = number;
    marker.restart_at = 60;
    read(marker);
    EXPECT_TRUE(reader.is_finished());
}

TEST_F(ReaderTest, AbortedTransactionsAreHiddenAndOthersOfTheSameProducerAreNot) {
    batch({"a"}, 7);
    batch({"plain"});
    marker(ControlType::abort, 7);
    batch({"b"}, 7);
    marker(ControlType::commit, 7);
    aborted = {{7, 0}};
    assign(0);
    EXPECT_EQ(read(fetched()), "1=plain 3=b ");
    EXPECT_EQ(position(), 5);
}

TEST_F(ReaderTest, TransactionsOfSeveralProducersDoNotMix) {
    batch({"a"}, 7);
    batch({"b"}, 8);
    marker(ControlType::abort, 8);
    batch({"c"}, 7);
    marker(ControlType::commit, 7);
    aborted = {{8, 1}};
    assign(0);
    EXPECT_EQ(read(fetched()), "0=a 3=c ");
}

TEST_F(ReaderTest, AnAbortReachesOverTheEndOfAnAnswer) {
    batch({"a"}, 7);
    aborted = {{7, 0}};
    assign(0);
    EXPECT_EQ(read(fetched()), "");
    log.clear();
    aborted.clear();
    batch({"b"}, 7);
    marker(ControlType::abort, 7);
    batch({"c"}, 7);
    EXPECT_EQ(read(fetched()), "3=c ");
}

TEST_F(ReaderTest, MarkersAreShownOnDemandAndCountForThePosition) {
    batch({"a"}, 7);
    marker(ControlType::commit, 7);
    assign(0, 2);
    EXPECT_EQ(read(fetched()), "0=a ");
    EXPECT_TRUE(reader.is_finished());
    reader.show_control_records(true);
    assign(0);
    EXPECT_EQ(read(fetched()), "0=a 1! ");
}

TEST_F(ReaderTest, ADamagedBatchIsAnErrorAndThePositionStays) {
    batch({"a"});
    batch({"b"});
    log.back() ^= std::byte{1};
    assign(0);
    EXPECT_EQ(read(fetched()), "0=a CORRUPT_MESSAGE");
    EXPECT_EQ(position(), 1);
}

TEST_F(ReaderTest, ATailCutOffIsLeftForTheNextAnswer) {
    batch({"a"});
    const auto whole = log.size();
    batch({"b"});
    assign(0);
    auto some = fetched();
    some.records = some.records.first(whole + 20);
    EXPECT_EQ(read(some), "0=a ");
    EXPECT_EQ(position(), 1);
}

TEST_F(ReaderTest, AChangeElsewhereLeavesAPlaceAsItIs) {
    batch({"a", "b"});
    assign(0);
    read(fetched(), 1);
    reader.assign({{{{"t", 0}, 0, kNoEnd}, number}, {{{"t", 1}, 7, kNoEnd}, number + 1}});
    EXPECT_EQ(position(), 1);
    auto old = fetched();
    old.number = number - 1;
    EXPECT_EQ(read(old), "");
    EXPECT_EQ(read(fetched()), "1=b ");
}

TEST_F(ReaderTest, WhatIsNotAssignedIsPassedOver) {
    batch({"a"});
    EXPECT_EQ(read(fetched()), "");
    EXPECT_TRUE(reader.is_finished());
}

}  // namespace
}  // namespace kcore::client
