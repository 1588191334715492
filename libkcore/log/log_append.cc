// Log, second part: appending.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory_resource>
#include <utility>
#include <vector>

#include "log/log.h"
#include "record/batch.h"

namespace kcore::log {

namespace {

struct Entry {
    BatchHeader header;
    BytesView bytes;
    std::optional<Marker> marker;
};

}  // namespace

// Submissions on their way into one write. In memory of its own stack frame: the usual append
// allocates nothing.
struct Log::Draft {
    std::array<std::byte, 4096> memory;
    std::pmr::monotonic_buffer_resource resource{memory.data(), memory.size()};
    std::pmr::vector<BytesView> pieces{&resource};
    std::pmr::vector<Entry> entries{&resource};
    std::pmr::vector<Submission*> submissions{&resource};
    std::size_t bytes = 0;
    std::int64_t next_offset;

    explicit Draft(std::int64_t log_end) : next_offset(log_end) {}

    // Reads whole batches off `bytes`, adding them to entries; gives the bytes they take.
    Result<std::size_t> read(BytesView all, bool is_end_free) {
        std::size_t at = 0;
        while (at < all.size()) {
            const auto header = read_batch_header(all.subspan(at));
            if (!header && is_end_free && all.size() - at < kBatchHeaderBytes) break;
            if (!header) return std::unexpected(header.error());
            if (header->size_bytes > all.size() - at) {
                if (is_end_free) break;
                return fail(Errc::corrupt_message, "a batch is cut short");
            }
            Entry entry{
                .header = *header, .bytes = all.subspan(at, header->size_bytes), .marker = {}};
            if (header->magic == 2 && header->is_control()) {
                const auto marker = read_marker(entry.bytes);
                if (!marker) return std::unexpected(marker.error());
                if (marker->type != MarkerType::other) entry.marker = *marker;
            }
            entries.push_back(entry);
            at += header->size_bytes;
        }
        return at;
    }

    void forget_written() {
        pieces.clear();
        entries.clear();
        submissions.clear();
        bytes = 0;
    }
};

bool Log::is_roll_due(const Draft& draft, std::size_t bytes, const BatchHeader& last,
                      std::int64_t now_ms) {
    const auto size = active().size_bytes() + draft.bytes;
    if (size == 0) return false;
    if (size + bytes > static_cast<std::uint64_t>(config_->segment_bytes)) return true;
    if (active().is_full(last.last_offset, *config_)) return true;
    if (active().is_empty() || config_->segment_ms == kForever) return false;
    return active().age_ms(last.max_timestamp, now_ms) >
           config_->segment_ms - active().roll_jitter_ms();
}

Result<std::optional<KnownBatch>> Log::check_producers(const Draft& draft, Origin origin) const {
    if (!producers_) return std::nullopt;
    for (const auto& entry : draft.entries) {
        if (entry.header.producer_id < 0) continue;
        if (entry.marker) {
            if (auto done = producers_->check_marker(entry.header, *entry.marker); !done) {
                return std::unexpected(std::move(done).error());
            }
            continue;
        }
        auto known = producers_->check(entry.header, origin);
        if (!known || *known) return known;
    }
    return std::nullopt;
}

// One submission more in the draft. What is already in it is written first where one write cannot
// hold both.
void Log::place(Draft& draft, Submission& submission, std::int32_t epoch, std::int64_t now_ms) {
    const auto refuse = [&](Error error) {
        error.what = fmt::format("{}: {}", partition_.to_string(), error.what);
        submission.result = std::unexpected(std::move(error));
    };
    // Judged on their own, then added to the draft.
    Draft one(draft.next_offset);
    const auto bytes = submission.batches.size();
    if (const auto read = one.read(submission.batches, false); !read) return refuse(read.error());
    if (one.entries.empty()) return refuse({Errc::corrupt_message, "no batch"});
    if (bytes > static_cast<std::size_t>(config_->segment_bytes)) {
        return refuse(
            {Errc::record_list_too_large,
             fmt::format("{} bytes do not fit a segment of {}", bytes, config_->segment_bytes)});
    }
    const auto shares_producer = [&](const Entry& entry) {
        return entry.header.producer_id >= 0 &&
               std::ranges::any_of(draft.entries, [&](const Entry& earlier) {
                   return earlier.header.producer_id == entry.header.producer_id;
               });
    };
    if (std::ranges::any_of(one.entries, shares_producer)) (void)write(draft, now_ms);
    const auto known = check_producers(one, submission.origin);
    if (!known) return refuse(known.error());
    if (*known) {
        submission.result = Appended{.base_offset = (*known)->first_offset(),
                                     .last_offset = (*known)->last_offset,
                                     .log_start_offset = log_start_offset(),
                                     .is_duplicate = true,
                                     .timestamp = (*known)->timestamp};
        return;
    }
    auto last = one.entries.back().header;
    last.last_offset = draft.next_offset + static_cast<std::int64_t>(bytes);  // At most.
    if (is_roll_due(draft, bytes, last, now_ms)) {
        (void)write(draft, now_ms);
        if (auto done = roll(now_ms); !done) return refuse(done.error());
    }
    draft.next_offset = std::max(draft.next_offset, log_end_offset());
    const auto base_offset = draft.next_offset;
    auto* at = submission.batches.data();
    for (auto& entry : one.entries) {
        auto& header = entry.header;
        header.last_offset += draft.next_offset - header.base_offset;
        header.base_offset = draft.next_offset;
        header.leader_epoch = epoch;
        draft.next_offset = header.last_offset + 1;
        record::set_base_offset({at, header.size_bytes}, header.base_offset);
        record::set_leader_epoch({at, header.size_bytes}, epoch);
        at += header.size_bytes;
        draft.entries.push_back(entry);
    }
    draft.pieces.push_back(submission.batches);
    draft.submissions.push_back(&submission);
    draft.bytes += bytes;
    submission.result = Appended{.base_offset = base_offset,
                                 .last_offset = draft.next_offset - 1,
                                 .log_start_offset = log_start_offset()};
}

Result<void> Log::write(Draft& draft, std::int64_t now_ms) {
    if (draft.pieces.empty()) return {};
    auto done = active().write(draft.pieces, draft.bytes, *config_);
    if (done) {
        took(draft, now_ms);
    } else {
        for (auto* submission : draft.submissions)
            submission->result = std::unexpected(done.error());
    }
    draft.forget_written();
    draft.next_offset = log_end_offset();
    return done;
}

// Everything that follows from batches being in the file.
void Log::took(const Draft& draft, std::int64_t now_ms) {
    const auto before = log_end_offset();
    for (const auto& entry : draft.entries) {
        const auto& header = entry.header;
        active().added(header, *config_);
        if (header.leader_epoch >= 0) {
            if (epochs_.latest() != header.leader_epoch) {
                (void)epochs_.assign(header.leader_epoch, header.base_offset);
            }
            // Or the leader has assigned it, before there was a record.
            pending_.are_epochs_new |= epochs_.entries().back().start_offset == header.base_offset;
        }
        update_producers(active(), header, entry.marker);
    }
    marks_->size_bytes += draft.bytes;
    marks_->log_end_offset = active().next_offset();
    pending_.messages += log_end_offset() - before;
    if (pending_.oldest_ms < 0) pending_.oldest_ms = now_ms;
}

void Log::update_producers(Segment& segment, const BatchHeader& header,
                           const std::optional<Marker>& marker) {
    if (header.producer_id < 0) return;
    auto& producers = producers_for_write();
    if (!marker) return producers.add(header);
    const auto aborted = producers.add_marker(header, *marker);
    if (!aborted) return;
    // Without its entry readers would take aborted records for committed ones.
    if (const auto done = segment.add_aborted(*aborted); !done) {
        (void)storage_.failed_for_good(done.error());
    }
    pending_.are_names_new = true;
}

void Log::append_as_leader(std::span<Submission> submissions, std::int32_t leader_epoch,
                           std::int64_t now_ms) {
    if (const auto usable = check_usable(); !usable) {
        for (auto& submission : submissions) submission.result = std::unexpected(usable.error());
        return;
    }
    Draft draft(log_end_offset());
    for (auto& submission : submissions) place(draft, submission, leader_epoch, now_ms);
    (void)write(draft, now_ms);
}

Result<Appended> Log::append_as_leader(std::span<std::byte> batches, Origin origin,
                                       std::int32_t leader_epoch, std::int64_t now_ms) {
    Submission one{.batches = batches, .origin = origin, .result = {}};
    append_as_leader(std::span(&one, 1), leader_epoch, now_ms);
    return std::move(one.result);
}

Result<Appended> Log::append_as_follower(BytesView batches, std::int64_t now_ms) {
    if (auto usable = check_usable(); !usable) return std::unexpected(std::move(usable).error());
    const auto refuse = [&](Errc code, std::string_view what) {
        return fail(code, fmt::format("{}: {}", partition_.to_string(), what));
    };
    Draft draft(log_end_offset());
    const auto bytes = draft.read(batches, true);
    if (!bytes) return refuse(bytes.error().code, bytes.error().what);
    Appended appended{.log_start_offset = log_start_offset()};
    if (draft.entries.empty()) return appended;
    for (const auto& entry : draft.entries) {
        if (!is_checksum_right(entry.header, entry.bytes)) {
            return refuse(Errc::corrupt_message, fmt::format("the batch at {} has a wrong checksum",
                                                             entry.header.base_offset));
        }
        if (entry.header.base_offset < draft.next_offset) {
            return refuse(Errc::offset_out_of_range,
                          fmt::format("a batch at {} after log end {}", entry.header.base_offset,
                                      draft.next_offset));
        }
        draft.next_offset = entry.header.last_offset + 1;
    }
    if (is_roll_due(draft, *bytes, draft.entries.back().header, now_ms)) {
        if (auto done = roll(now_ms); !done) return std::unexpected(std::move(done).error());
    }
    draft.pieces.push_back(batches.first(*bytes));
    draft.bytes = *bytes;
    appended.base_offset = draft.entries.front().header.base_offset;
    appended.last_offset = draft.next_offset - 1;
    if (auto done = write(draft, now_ms); !done) return std::unexpected(std::move(done).error());
    return appended;
}

}  // namespace kcore::log
