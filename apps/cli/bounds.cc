#include "cli/bounds.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

#include "cli/seek_back.h"
#include "client/admin.h"

namespace kcore::cli {

namespace {

using PositionKind = Position::Kind;
using Offsets = std::map<TopicPartition, std::int64_t>;

// Looks offsets up once, when they are first needed.
class Lookup {
public:
    Lookup(client::Admin& admin, const Wanted& wanted) : admin_(admin), wanted_(wanted) {}

    Result<Offsets> at(std::int64_t timestamp) {
        const auto known = found_.find(timestamp);
        if (known != found_.end()) return known->second;
        std::vector<client::OffsetQuery> queries;
        for (const auto& one : wanted_.partitions) queries.push_back({one, timestamp});
        auto answers = admin_.offsets(std::move(queries), wanted_.is_read_committed);
        if (!answers) return std::unexpected(std::move(answers).error());
        Offsets out;
        for (const auto& answer : *answers) {
            if (answer.error) return std::unexpected(*answer.error);
            out[answer.partition] = answer.offset;
        }
        return found_[timestamp] = std::move(out);
    }

    Result<Offsets> committed() {
        if (wanted_.group.empty()) {
            return fail(Errc::invalid_group_id, "a committed position needs a group: -g");
        }
        auto list = admin_.committed(wanted_.group);
        if (!list) return std::unexpected(std::move(list).error());
        Offsets out;
        for (const auto& one : *list) {
            if (one.offset >= 0) out[one.partition] = one.offset;
        }
        return out;
    }

private:
    client::Admin& admin_;
    const Wanted& wanted_;
    std::map<std::int64_t, Offsets> found_;
};

// `position` in every partition.
Result<Offsets> offsets_of(Lookup& lookup, const Position& position, const Wanted& wanted) {
    const auto first = lookup.at(client::kEarliest);
    if (!first) return first;
    const auto last = lookup.at(client::kLatest);
    if (!last) return last;
    Offsets found;
    if (position.kind == PositionKind::committed || position.kind == PositionKind::time) {
        auto some =
            position.kind == PositionKind::time ? lookup.at(position.value) : lookup.committed();
        if (!some) return some;
        found = std::move(*some);
    }
    Offsets out;
    for (const auto& one : wanted.partitions) {
        const auto begin = first->at(one);
        const auto end = last->at(one);
        const auto own = found.find(one);
        switch (position.kind) {
            case PositionKind::beginning:
                out[one] = begin;
                break;
            case PositionKind::end:
                out[one] = end;
                break;
            case PositionKind::offset:
                out[one] = position.value;
                break;
            case PositionKind::from_start:
                out[one] = begin + position.value;
                break;
            case PositionKind::from_end:
                out[one] = std::max(begin, end - position.value);
                break;
            case PositionKind::committed:
                out[one] = own == found.end() ? begin : own->second;
                break;
            // No record is that late: behind the last one.
            case PositionKind::time:
                out[one] = own->second < 0 ? end : own->second;
                break;
        }
    }
    return out;
}

}  // namespace

Result<std::vector<client::Assignment>> resolve(client::Client& client, const Wanted& wanted) {
    client::Admin admin(client);
    Lookup lookup(admin, wanted);
    const auto start = wanted.range.start.value_or(Position());
    auto starts = offsets_of(lookup, start, wanted);
    if (!starts) return std::unexpected(std::move(starts).error());
    if (start.kind == PositionKind::from_end) {
        const auto begins = lookup.at(client::kEarliest);
        const auto now = lookup.at(client::kLatest);
        auto moved = seek_back(client, start.value, *begins, *now, *starts);
        if (!moved) return std::unexpected(std::move(moved).error());
    }
    std::optional<Offsets> ends;
    if (wanted.range.end || wanted.ends_now) {
        auto found =
            offsets_of(lookup, wanted.range.end.value_or(Position{PositionKind::end, 0}), wanted);
        if (!found) return std::unexpected(std::move(found).error());
        ends = std::move(*found);
    }
    const auto last = lookup.at(client::kLatest);
    if (!last) return std::unexpected(last.error());
    std::vector<client::Assignment> out;
    for (const auto& one : wanted.partitions) {
        client::Assignment assignment{one, starts->at(one), client::kNoEnd};
        if (ends) assignment.end = ends->at(one);
        if (wanted.ends_now) assignment.end = std::min(assignment.end, last->at(one));
        assignment.end = std::max(assignment.end, assignment.start);
        out.push_back(std::move(assignment));
    }
    return out;
}

}  // namespace kcore::cli
