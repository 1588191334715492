#include "log/log_copy.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace kcore::log {

namespace {
// At the end, under the mutex, no more than so many times so much is copied.
constexpr std::size_t kLastBytes = 256 * 1024;
constexpr int kLastPieces = 4;
}  // namespace

LogCopy::LogCopy(LogDir& from, LogDir& to, std::unique_ptr<Log> copy)
    : from_(from),
      to_(to),
      copy_(std::move(copy)),
      partition_(copy_->partition()),
      marks_(copy_->marks()) {}

// Up to where both have the same history: an epoch's records are the same wherever they are
// (KIP-101). One look may still be too far; the next one, after a cut, is closer.
std::int64_t LogCopy::common_end(const Log& log) const {
    const auto end = std::min(copy_->log_end_offset(), log.log_end_offset());
    const auto& known = copy_->epochs().entries();
    if (known.empty()) return end;
    const auto there = log.end_of_epoch(known.back().epoch);
    return std::min(end, there.epoch < 0 ? known.back().start_offset : there.end_offset);
}

Result<LogCopy::Piece> LogCopy::next(Log& log, std::size_t bytes_max) {
    Piece piece;
    piece.log_start = log.log_start_offset();
    piece.high_watermark = log.high_watermark();
    piece.log_end = log.log_end_offset();
    piece.from = std::max(common_end(log), piece.log_start);
    const auto most = std::min(bytes_max, static_cast<std::size_t>(copy_->config().segment_bytes));
    auto read = log.read({.offset = piece.from, .up_to = piece.log_end, .max_bytes = most});
    if (!read) return std::unexpected(std::move(read).error());
    piece.slice = std::move(read->slice);
    if (piece.slice.size_bytes == 0 && piece.from < piece.log_end) {
        return fail(Errc::corrupt_message,
                    fmt::format("{}: nothing from offset {} on, where the log ends at {}",
                                partition_.to_string(), piece.from, piece.log_end));
    }
    return piece;
}

// The copy ends where the piece begins.
Result<void> LogCopy::cut_to(const Piece& piece, std::int64_t now_ms) {
    if (piece.from == copy_->log_end_offset()) return {};
    const bool has_it =
        piece.from >= copy_->log_start_offset() && piece.from < copy_->log_end_offset();
    return has_it ? copy_->truncate_to(piece.from, now_ms)
                  : copy_->truncate_fully_and_start_at(piece.from, now_ms);
}

Result<void> LogCopy::follow(const Piece& piece) {
    copy_->set_high_watermark(piece.high_watermark);
    return copy_->set_log_start_offset(std::min(piece.log_start, copy_->high_watermark()));
}

Result<std::size_t> LogCopy::take(const Piece& piece, std::int64_t now_ms) {
    if (auto done = cut_to(piece, now_ms); !done) return std::unexpected(std::move(done).error());
    std::vector<std::byte> bytes(piece.slice.size_bytes);
    if (!bytes.empty()) {
        const auto read = piece.slice.file->read(piece.slice.position, bytes);
        if (!read) return from_.storage().failed_read(read.error());
        bytes.resize(*read);
    }
    if (bytes.size() >= kBatchHeaderBytes) {
        // DeleteRecords may have put the log's start inside a batch: it comes whole.
        const auto first = read_batch_header(bytes);
        if (!first) return std::unexpected(first.error());
        const auto end = copy_->log_end_offset();
        if (first->base_offset < end && copy_->size_bytes() == 0) {
            auto done = copy_->truncate_fully_and_start_at(first->base_offset, now_ms);
            if (!done) return std::unexpected(std::move(done).error());
        }
    }
    const auto before = copy_->log_end_offset();
    if (auto done = copy_->append_as_follower(bytes, now_ms); !done) {
        return std::unexpected(std::move(done).error());
    }
    if (auto done = follow(piece); !done) return std::unexpected(std::move(done).error());
    if (copy_->is_flush_due(now_ms)) {
        if (auto done = flush(); !done) return std::unexpected(std::move(done).error());
    }
    return copy_->log_end_offset() > before ? bytes.size() : 0;
}

bool LogCopy::has_all_of(const Piece& piece) const {
    return copy_->log_end_offset() == piece.log_end && copy_->log_start_offset() == piece.log_start;
}

Result<void> LogCopy::flush() {
    const auto work = copy_->begin_flush();
    if (!work) return to_.storage().check_online();
    work->run();
    (void)copy_->finish_flush(*work);
    return work->result();
}

Result<void> LogCopy::settle() {
    if (auto done = flush(); !done) return done;
    return write_checkpoints();
}

Result<void> LogCopy::write_checkpoints() {
    if (cleaned_to_ >= 0) {
        if (auto done = to_.set_cleaned_to(partition_, cleaned_to_); !done) return done;
    }
    if (auto done = to_.write_recovery_points(); !done) return done;
    if (auto done = to_.write_log_starts(); !done) return done;
    return to_.write_high_watermarks();
}

// Whether it has all now, or only a little was to be copied.
Result<bool> LogCopy::catch_up(Log& log, std::int64_t now_ms) {
    for (int pieces = 0; pieces < kLastPieces; ++pieces) {
        const auto piece = next(log, kLastBytes);
        if (!piece) return std::unexpected(piece.error());
        // Its checkpoint has to say so first.
        if (piece->log_start != copy_->log_start_offset()) return false;
        if (has_all_of(*piece)) return true;
        if (auto done = take(*piece, now_ms); !done) return std::unexpected(done.error());
    }
    return false;
}

Result<bool> LogCopy::finish(std::unique_ptr<Log>& log, std::int64_t now_ms) {
    const auto has_all = catch_up(*log, now_ms);
    if (!has_all || !*has_all) return has_all;
    copy_->set_high_watermark(log->high_watermark());
    if (copy_->epochs_.entries() != log->epochs_.entries()) {
        copy_->epochs_ = log->epochs_;  // One without records yet, too.
        copy_->pending_.are_epochs_new = true;
    }
    const bool is_less_durable = copy_->recovery_point() < log->recovery_point();
    if (is_less_durable) {
        if (auto done = flush(); !done) return std::unexpected(std::move(done).error());
    }
    copy_->set_config(log->config_);
    if (auto done = to_.promote(*copy_); !done) return std::unexpected(std::move(done).error());
    std::swap(log, copy_);
    cleaned_to_ = from_.cleaned_to(partition_);
    // If this fails its directory is offline, and has said so.
    (void)from_.remove(std::move(copy_), now_ms);
    return true;
}

Result<void> LogCopy::remove(std::int64_t now_ms) { return to_.remove(std::move(copy_), now_ms); }

Result<void> LogCopy::keep(std::int64_t now_ms) {
    const auto copy = std::move(copy_);
    return copy->close(now_ms);
}

}  // namespace kcore::log
