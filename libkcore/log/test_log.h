#pragma once
// For tests of this layer: a log directory on a disk of choice, and batches to put into it.

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "io/memory_disk.h"
#include "io/random.h"
#include "log/log_dir.h"
#include "record/builder.h"
#include "record/control.h"

namespace kcore::log::testing {

struct BatchSpec {
    int records = 1;
    std::int64_t timestamp = 1'000;  // Of the first; the others follow one by one.
    std::int64_t producer_id = -1;
    std::int16_t producer_epoch = 0;
    std::int32_t sequence = 0;
    bool is_transactional = false;
    std::size_t value_bytes = 10;
    char fill = 'v';
    std::int64_t base_offset = 0;  // Only kept by a follower.
    std::int32_t leader_epoch = -1;
};

inline Bytes batch(const BatchSpec& spec) {
    record::BatchOptions options{.base_offset = spec.base_offset,
                                 .leader_epoch = spec.leader_epoch,
                                 .is_transactional = spec.is_transactional};
    if (spec.producer_id >= 0) {
        options.producer_id = spec.producer_id;
        options.producer_epoch = spec.producer_epoch;
        options.base_sequence = spec.sequence;
    }
    record::BatchBuilder builder(options);
    const std::string value(spec.value_bytes, spec.fill);
    for (int i = 0; i < spec.records; ++i) {
        builder.append(spec.timestamp + i, std::nullopt, as_bytes(value));
    }
    const auto bytes = builder.close();
    return {bytes.begin(), bytes.end()};
}

inline Bytes marker(bool is_commit, std::int64_t producer_id, std::int16_t epoch = 0,
                    std::int32_t coordinator_epoch = 0) {
    return record::marker_batch({.is_commit = is_commit, .coordinator_epoch = coordinator_epoch},
                                producer_id, epoch, 2'000);
}

// Log lines as text, so that tests see what was said.
class Lines : public LogSink {
public:
    void write(LogLevel, std::string_view, std::string_view text) override {
        text_ += std::string(text) + "\n";
    }
    const std::string& text() const { return text_; }

private:
    std::string text_;
};

// A broker's log directory that can be stopped, cleanly or not, and started again.
class Broker {
public:
    explicit Broker(io::Disk& disk, std::string path = "/data")
        : disk_(disk), path_(std::move(path)) {}
    ~Broker() { crash(); }

    Result<void> start() {
        files_ = std::make_unique<FileCache>(disk_, 8);
        auto dir = LogDir::open(disk_, *files_, random_, Logger(lines_, "log"), path_,
                                [this](const Error& error) { failures_.push_back(error.what); });
        if (!dir) return std::unexpected(dir.error());
        dir_ = std::move(*dir);
        return {};
    }

    // Opens, or makes, the one partition these tests are about.
    Result<void> open() {
        if (auto done = start(); !done) return done;
        for (const auto& found : dir_->found()) {
            if (found.name.kind != DirKind::current) continue;
            auto log = dir_->load(found, config_ref(), now_ms_);
            if (!log) return std::unexpected(log.error());
            log_ = std::move(*log);
            return {};
        }
        auto log = dir_->create({"orders", 0}, {7, 8}, config_ref(), now_ms_);
        if (!log) return std::unexpected(log.error());
        log_ = std::move(*log);
        return {};
    }

    Result<void> stop() {
        auto done = log_ ? log_->close(now_ms_) : Result<void>();
        log_.reset();
        auto closed = dir_->close(5, done.has_value());
        dir_.reset();
        return done ? closed : done;
    }

    void crash() {
        log_.reset();
        dir_.reset();
        files_.reset();
    }

    Result<void> remove(std::int64_t now_ms) { return dir_->remove(std::move(log_), now_ms); }

    ConfigRef config_ref() const { return std::make_shared<LogConfig>(config_); }
    Log& log() { return *log_; }
    std::unique_ptr<Log>& owned_log() { return log_; }
    LogDir& dir() { return *dir_; }
    FileCache& files() { return *files_; }

    Result<Appended> append(const BatchSpec& spec, std::int32_t leader_epoch = 0) {
        auto bytes = batch(spec);
        return log_->append_as_leader(bytes, Origin::client, leader_epoch, now_ms_);
    }
    Result<Appended> append(Bytes bytes, Origin origin, std::int32_t leader_epoch = 0) {
        return log_->append_as_leader(bytes, origin, leader_epoch, now_ms_);
    }
    Result<void> flush() {
        auto work = log_->begin_flush();
        if (!work) return {};
        work->run();
        log_->finish_flush(*work);
        return work->result();
    }

    // The first batch of what was read.
    static BatchHeader read_batch(const LogRead& read) {
        Bytes bytes(read.slice.size_bytes);
        EXPECT_EQ(read.slice.file->read(read.slice.position, bytes), bytes.size());
        const auto header = read_batch_header(bytes);
        EXPECT_TRUE(header);
        return header.value_or(BatchHeader());
    }

    // Everything from `offset` on, as stored.
    Bytes read_all(std::int64_t offset) {
        Bytes all;
        for (;;) {
            const auto end = log_->log_end_offset();
            const auto read = log_->read({.offset = offset, .up_to = end, .max_bytes = 1 << 20});
            if (!read || read->slice.size_bytes == 0) return all;
            Bytes part(read->slice.size_bytes);
            EXPECT_EQ(read->slice.file->read(read->slice.position, part), part.size());
            BytesView rest(part);
            while (!rest.empty()) {
                const auto header = read_batch_header(rest);
                EXPECT_TRUE(header);
                if (!header || header->size_bytes > rest.size()) break;
                kcore::append(all, rest.first(header->size_bytes));
                offset = header->last_offset + 1;
                rest = rest.subspan(header->size_bytes);
            }
        }
    }

    LogConfig config_;
    std::int64_t now_ms_ = 10'000;
    std::vector<std::string> failures_;
    std::shared_ptr<Lines> lines_ = std::make_shared<Lines>();
    io::SeededRandom random_{1};

private:
    io::Disk& disk_;
    std::string path_;
    std::unique_ptr<FileCache> files_;
    std::unique_ptr<LogDir> dir_;
    std::unique_ptr<Log> log_;
};

}  // namespace kcore::log::testing
