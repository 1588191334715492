#pragma once
// A coordinator with a log in memory and a clock that tests move. For tests of this
// layer only; group_fixture.h adds members and offsets.

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "group/coordinator.h"

namespace kcore::group {

inline Errc code_of(std::int16_t wire) { return errc_from_wire(wire); }

inline Settings quick_settings() {
    Settings settings;
    settings.initial_rebalance_delay_ms = 0;
    return settings;
}

class CoordinatorTest : public testing::Test {
protected:
    explicit CoordinatorTest(Settings settings = quick_settings()) : settings_(settings) {
        coordinator_ = fresh();
        coordinator_->loaded(now_);
        add_topic("orders", 4, 1);
        add_topic("payments", 2, 2);
    }

    std::unique_ptr<Coordinator> fresh() {
        return std::make_unique<Coordinator>(
            settings_, [this] { return Uuid{0x1111, ++uuids_}; }, Logger());
    }

    void add_topic(const std::string& name, int partitions, std::uint64_t id) {
        auto image = std::make_shared<metadata::Image>(image_ ? *image_ : metadata::Image());
        auto topic = std::make_shared<metadata::Topic>();
        topic->name = name;
        topic->id = Uuid{7, id};
        for (int i = 0; i < partitions; ++i) {
            topic->partitions.push_back(std::make_shared<metadata::Partition>());
        }
        image->topics_by_name.set(name, topic);
        image->topics_by_id.set(topic->id, topic);
        image_ = image;
    }

    Ticket ask(Request request, std::int16_t version, const std::string& client = "client") {
        const Ticket ticket = ++tickets_;
        open_.insert(ticket);
        settle(coordinator_->handle(request, {version, client, "/host", image_}, now_, ticket));
        run_due();
        return ticket;
    }

    void settle(Effects effects) {
        if (refuse_appends_with_ && !effects.records.empty()) {
            coordinator_->refused(effects, *refuse_appends_with_, now_);
        } else if (!effects.records.empty()) {
            const auto offset = static_cast<std::int64_t>(log_.size());
            log_.insert(log_.end(), effects.records.begin(), effects.records.end());
            coordinator_->appended(effects, 0, effects.records.size(), offset);
        }
        for (auto& reply : effects.replies) take(std::move(reply));
    }

    void take(Reply reply) {
        EXPECT_EQ(open_.erase(reply.ticket), 1U) << "answered twice: " << reply.ticket;
        answers_.insert_or_assign(reply.ticket, std::move(reply.response));
    }

    void run_due() {
        for (int i = 0; coordinator_->next_deadline_ms() <= now_.steady_ms; ++i) {
            ASSERT_LT(i, 10'000) << "deadlines do not end";
            settle(coordinator_->on_time(now_));
        }
    }

    // Moves the clock, stopping at each deadline.
    void pass(std::int64_t ms) {
        const auto end = now_.steady_ms + ms;
        while (now_.steady_ms < end) {
            const auto next = std::min(end, coordinator_->next_deadline_ms());
            const auto step = std::max<std::int64_t>(next - now_.steady_ms, 0);
            now_.steady_ms += step;
            now_.wall_ms += step;
            run_due();
        }
    }

    bool is_answered(Ticket ticket) const { return answers_.contains(ticket); }
    template <class T>
    const T& answer(Ticket ticket) const {
        return std::get<T>(answers_.at(ticket));
    }

    // --- the log

    // The coordinator that another broker would build from the log.
    std::unique_ptr<Coordinator> reloaded() {
        auto other = fresh();
        for (std::size_t i = 0; i < log_.size(); ++i) {
            LoadedRecord record;
            record.key = *log_[i].key;
            if (log_[i].value) record.value = BytesView(*log_[i].value);
            record.offset = static_cast<std::int64_t>(i);
            other->replay(record);
        }
        other->loaded(now_);
        return other;
    }
    void fail_over() { coordinator_ = reloaded(); }

    Settings settings_;
    Now now_{5'000'000, 1'700'000'000'000};
    std::unique_ptr<Coordinator> coordinator_;
    std::vector<rsm::Record> log_;
    std::map<Ticket, Response> answers_;
    std::set<Ticket> open_;
    std::optional<Errc> refuse_appends_with_;
    metadata::ImagePtr image_;
    Ticket tickets_ = 0;
    std::uint64_t uuids_ = 0;
};

}  // namespace kcore::group
