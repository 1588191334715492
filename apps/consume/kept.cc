#include "consume/kept.h"

#include <algorithm>
#include <tuple>

namespace kcore::consume {

namespace {

std::size_t size_of(const std::optional<BytesView>& bytes) { return bytes ? bytes->size() : 0; }

}  // namespace

Kept::Kept(const client::ConsumedRecord& record)
    : record_(record), bytes_(std::make_unique<std::string>()) {
    auto size = record.topic.size() + size_of(record.key) + size_of(record.value);
    for (const auto& header : record.headers) size += header.key.size() + size_of(header.value);
    bytes_->reserve(size);
    const auto keep = [this](std::string_view text) {
        const auto at = bytes_->size();
        *bytes_ += text;
        return std::string_view(*bytes_).substr(at);
    };
    record_.topic = keep(record.topic);
    if (record.key) record_.key = as_bytes(keep(as_text(*record.key)));
    if (record.value) record_.value = as_bytes(keep(as_text(*record.value)));
    for (const auto& header : record.headers) {
        auto& own = headers_.emplace_back();
        own.key = keep(header.key);
        if (header.value) own.value = as_bytes(keep(as_text(*header.value)));
    }
    record_.headers = headers_;
}

void sort_records(std::vector<Kept>& records, Order order) {
    const auto place = [](const Kept& one) {
        const auto& r = one.record();
        return std::tuple(r.topic, r.partition, r.offset);
    };
    const auto time = [&](const Kept& one) {
        return std::tuple(one.record().timestamp_ms, place(one));
    };
    if (order == Order::offset) std::ranges::sort(records, {}, place);
    if (order == Order::timestamp) std::ranges::sort(records, {}, time);
}

}  // namespace kcore::consume
