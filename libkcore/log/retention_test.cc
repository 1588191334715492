// What goes by age and size, and lookups that must not wait for the disk.

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "log/test_log.h"

namespace kcore::log {
namespace {

using testing::Broker;

constexpr std::int64_t kHour = 3'600'000;

class RetentionTest : public ::testing::Test {
protected:
    // Segments of ten records each, an hour apart; the clock stands at the last.
    void fill(int segments) {
        broker_.config_.segment_bytes = 1'000;
        broker_.config_.retention_ms = -1;
        ASSERT_TRUE(broker_.open());
        for (int i = 0; i < segments; ++i) {
            ASSERT_TRUE(broker_.append({.records = 10, .timestamp = i * kHour, .value_bytes = 80}));
        }
        broker_.now_ms_ = (segments - 1) * kHour;
        broker_.log().set_high_watermark(broker_.log().log_end_offset());
    }
    void set_config() { broker_.log().set_config(broker_.config_ref()); }
    std::size_t collect() {
        const auto has_old = broker_.log().expire_segments(broker_.now_ms_);
        EXPECT_TRUE(has_old) << has_old.error().what;
        EXPECT_TRUE(broker_.dir().write_recovery_points());
        EXPECT_TRUE(broker_.dir().write_log_starts());
        std::size_t all = 0;
        for (;;) {
            const auto some = broker_.log().drop_old_segments(broker_.now_ms_);
            EXPECT_TRUE(some) << some.error().what;
            if (!some || *some == 0) return all;
            all += *some;
        }
    }
    bool exists(const std::string& name) {
        return disk_.stat("/data/orders-0/" + name)->has_value();
    }

    io::MemoryDisk disk_;
    Broker broker_{disk_};
};

TEST_F(RetentionTest, SegmentsWhoseNewestRecordIsTooOldGo) {
    fill(10);
    broker_.config_.retention_ms = 4 * kHour;
    set_config();
    EXPECT_EQ(collect(), 5U);
    EXPECT_EQ(broker_.log().log_start_offset(), 50);
    EXPECT_EQ(broker_.log().read({.offset = 49, .up_to = 100, .max_bytes = 1}).error().code,
              Errc::offset_out_of_range);
    EXPECT_FALSE(exists("00000000000000000000.log"));
    EXPECT_TRUE(exists("00000000000000000000.log.deleted"));
}

TEST_F(RetentionTest, FilesAreUnlinkedAfterTheirDelay) {
    fill(3);
    broker_.config_.retention_ms = 0;
    broker_.config_.file_delete_delay_ms = 60'000;
    broker_.now_ms_ += 100;
    set_config();
    EXPECT_EQ(collect(), 3U);
    broker_.dir().storage().purge(broker_.now_ms_ + 59'999);
    EXPECT_TRUE(exists("00000000000000000010.log.deleted"));
    broker_.dir().storage().purge(broker_.now_ms_ + 60'000);
    EXPECT_FALSE(exists("00000000000000000010.log.deleted"));
}

TEST_F(RetentionTest, AnExpiredActiveSegmentIsRolledAndGoesToo) {
    fill(3);
    broker_.config_.retention_ms = kHour;
    broker_.now_ms_ += 10 * kHour;
    set_config();
    EXPECT_EQ(collect(), 3U);
    EXPECT_EQ(broker_.log().log_start_offset(), 30);
    EXPECT_EQ(broker_.log().log_end_offset(), 30);
    EXPECT_EQ(broker_.log().size_bytes(), 0U);
    EXPECT_EQ(broker_.append({})->base_offset, 30);
}

TEST_F(RetentionTest, TheOldestGoWhileTheRestIsStillLargeEnough) {
    fill(10);
    const auto each = broker_.log().size_bytes() / 10;
    broker_.config_.retention_bytes = static_cast<std::int64_t>(each * 4 + 1);
    set_config();
    EXPECT_EQ(collect(), 5U);
    EXPECT_EQ(broker_.log().size_bytes(), each * 5);
    broker_.config_.retention_bytes = static_cast<std::int64_t>(each * 4);
    set_config();
    EXPECT_EQ(collect(), 1U);
}

TEST_F(RetentionTest, WhatIsNotCommittedStays) {
    fill(4);
    ASSERT_TRUE(broker_.append({.records = 10, .timestamp = 0, .value_bytes = 80}));
    broker_.config_.retention_ms = 0;
    broker_.now_ms_ += 100 * kHour;
    set_config();
    EXPECT_EQ(collect(), 4U);
    EXPECT_EQ(broker_.log().log_start_offset(), 40);
}

TEST_F(RetentionTest, WithoutTheDeletePolicyOnlyWhatIsBelowLogStartGoes) {
    fill(4);
    broker_.config_.is_deleted = false;
    broker_.config_.is_compacted = true;
    broker_.config_.retention_ms = 0;
    broker_.config_.retention_bytes = 0;
    broker_.now_ms_ += 100 * kHour;
    set_config();
    EXPECT_EQ(collect(), 0U);
    ASSERT_TRUE(broker_.log().set_log_start_offset(25));
    EXPECT_EQ(collect(), 2U);
    EXPECT_EQ(broker_.log().marks()->first_segment_offset, 20);
    EXPECT_EQ(collect(), 0U);
}

TEST_F(RetentionTest, AStartAfterADeletionGoesOnWhereItWas) {
    fill(10);
    broker_.config_.retention_ms = 4 * kHour;
    set_config();
    EXPECT_EQ(collect(), 5U);
    ASSERT_TRUE(broker_.stop());
    ASSERT_TRUE(broker_.open());
    EXPECT_EQ(broker_.log().log_start_offset(), 50);
    EXPECT_EQ(broker_.log().log_end_offset(), 100);
}

// Its files are in memory only where they were read before.
class ColdDisk : public io::Disk {
public:
    explicit ColdDisk(io::Disk& base) : base_(base) {}

    std::size_t waits = 0;  // Reads that waited.
    void forget() { warm_.clear(); }

    class ColdFile : public io::File {
    public:
        ColdFile(ColdDisk& disk, std::string path, std::unique_ptr<io::File> base)
            : disk_(disk), path_(std::move(path)), base_(std::move(base)) {}
        Result<void> write(std::uint64_t at, std::span<const BytesView> pieces) override {
            return base_->write(at, pieces);
        }
        Result<std::size_t> read(std::uint64_t at, std::span<std::byte> out) override {
            ++disk_.waits;
            for (auto page = at / 4096; page <= (at + out.size()) / 4096; ++page) {
                disk_.warm_.insert({path_, page});
            }
            return base_->read(at, out);
        }
        Result<std::optional<std::size_t>> read_cached(std::uint64_t at,
                                                       std::span<std::byte> out) override {
            for (auto page = at / 4096; page <= (at + out.size() - 1) / 4096; ++page) {
                if (!disk_.warm_.contains({path_, page})) return std::nullopt;
            }
            return base_->read(at, out);
        }
        Result<std::uint64_t> size() override { return base_->size(); }
        Result<void> truncate(std::uint64_t size) override { return base_->truncate(size); }
        Result<void> reserve(std::uint64_t size) override { return base_->reserve(size); }
        Result<void> sync() override { return base_->sync(); }

    private:
        ColdDisk& disk_;
        const std::string path_;
        std::unique_ptr<io::File> base_;
    };

    Result<std::unique_ptr<io::File>> open(const std::string& path, io::Open how) override {
        auto file = base_.open(path, how);
        if (!file) return file;
        return std::make_unique<ColdFile>(*this, path, std::move(*file));
    }
    Result<std::vector<io::Entry>> list(const std::string& path) override {
        return base_.list(path);
    }
    Result<std::optional<io::Entry>> stat(const std::string& path) override {
        return base_.stat(path);
    }
    Result<void> make_directory(const std::string& path) override {
        return base_.make_directory(path);
    }
    Result<void> rename(const std::string& from, const std::string& to) override {
        return base_.rename(from, to);
    }
    Result<void> remove(const std::string& path) override { return base_.remove(path); }
    Result<void> sync_directory(const std::string& path) override {
        return base_.sync_directory(path);
    }
    Result<std::unique_ptr<io::PathLock>> lock(const std::string& path) override {
        return base_.lock(path);
    }
    Result<io::Space> space(const std::string& path) override { return base_.space(path); }

private:
    io::Disk& base_;
    std::set<std::pair<std::string, std::uint64_t>> warm_;
};

class ColdReadTest : public ::testing::Test {
protected:
    void SetUp() override {
        broker_.config_.segment_bytes = 600'000;
        broker_.config_.index_interval_bytes = 500;
        ASSERT_TRUE(broker_.open());
        for (int i = 0; i < 3'000; ++i) {
            ASSERT_TRUE(broker_.append({.timestamp = 1'000 + i, .value_bytes = 400}));
        }
        ASSERT_TRUE(broker_.stop());
        ASSERT_TRUE(broker_.open());
        disk_.forget();
    }

    // As a loop and the pool do it together; gives how often the disk was asked beside the mutex.
    template <class Work>
    int without_waiting(Work&& work) {
        for (int rounds = 0; rounds < 20; ++rounds) {
            std::vector<ColdRange> cold;
            const auto before = disk_.waits;
            {
                const CachedOnly scope(broker_.log().reads(), &cold);
                const bool is_done = work().has_value();
                EXPECT_EQ(disk_.waits, before) << "it waited for the disk";
                EXPECT_EQ(is_done, cold.empty());
                if (is_done) return rounds;
            }
            warm(cold);
        }
        ADD_FAILURE() << "never done";
        return 20;
    }

    io::MemoryDisk memory_;
    ColdDisk disk_{memory_};
    Broker broker_{disk_};
};

TEST_F(ColdReadTest, AReadOfColdDataSaysWhatItLacksInsteadOfWaiting) {
    std::int64_t first = -1;
    const auto read = [&]() -> Result<void> {
        const auto found =
            broker_.log().read({.offset = 700, .up_to = 3'000, .max_bytes = 200'000});
        if (!found) return std::unexpected(found.error());
        Bytes bytes(found->slice.size_bytes);
        if (!*found->slice.file->read_cached(found->slice.position, bytes)) first = -2;
        first = read_batch_header(bytes)->base_offset;
        return {};
    };
    EXPECT_GT(without_waiting(read), 0);
    EXPECT_EQ(first, 700);
    EXPECT_EQ(without_waiting(read), 0);
}

TEST_F(ColdReadTest, SoDoesALookupByTime) {
    std::optional<TimestampOffset> found;
    const auto look = [&]() -> Result<void> {
        auto at = broker_.log().offset_for_timestamp(2'500);
        if (!at) return std::unexpected(at.error());
        found = *at;
        return {};
    };
    EXPECT_GT(without_waiting(look), 0);
    EXPECT_EQ(found->offset, 1'500);
    EXPECT_FALSE(broker_.dir().is_offline());
}

}  // namespace
}  // namespace kcore::log
