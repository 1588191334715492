#include "broker/isr_changes.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <utility>

#include "io/steady.h"

namespace kcore::broker {

namespace {

constexpr std::int64_t kAlterPartitionMs = 10'000;
constexpr std::int64_t kAlterRetryMs = 50;

std::vector<std::int32_t> ids_of(const replication::IsrProposal& proposal) {
    std::vector<std::int32_t> ids;
    for (const auto& member : proposal.isr) ids.push_back(member.broker);
    return ids;
}

}  // namespace

IsrChanges::IsrChanges(io::Env& env, replication::Partitions& partitions, std::int32_t broker_id,
                       std::int64_t lag_max_ms, Logger logger)
    : env_(env),
      partitions_(partitions),
      broker_id_(broker_id),
      check_ms_(std::max<std::int64_t>(lag_max_ms / 2, 1)),
      logger_(std::move(logger)),
      next_check_(env.clock.in_ms(check_ms_)),
      news_(env.loop),
      news_remote_(news_.remote()),
      ended_(env.loop) {}

void IsrChanges::due(replication::PartitionRef partition) {
    {
        const std::lock_guard lock(mutex_);
        auto name = partition->name();
        due_.insert_or_assign(std::move(name), std::move(partition));
    }
    news_remote_.notify();
}

void IsrChanges::start(ControllerLink& link, std::function<std::int64_t()> broker_epoch) {
    link_ = &link;
    broker_epoch_ = std::move(broker_epoch);
    is_running_ = true;
    env_.loop.spawn(run());
}

asio::awaitable<void> IsrChanges::run() {
    while (!stopping_) {
        auto asked = collect();
        if (!asked.empty()) {
            co_await ask(std::move(asked));
        } else {
            co_await news_.wait_until(next_check_);
        }
    }
    is_running_ = false;
    ended_.notify();
}

// Laggards say nothing: they are looked for.
std::vector<IsrChanges::Asked> IsrChanges::collect() {
    const auto now_ms = io::steady_ms(env_.clock);
    std::vector<replication::PartitionRef> candidates;
    if (env_.clock.now() >= next_check_) {
        next_check_ = env_.clock.in_ms(check_ms_);
        candidates = partitions_.all();
        for (const auto& one : candidates) one->reconsider(now_ms);
    }
    {
        const std::lock_guard lock(mutex_);
        for (auto& [name, one] : std::exchange(due_, {})) candidates.push_back(std::move(one));
    }
    std::vector<Asked> asked;
    for (auto& partition : candidates) {
        auto proposal = partition->propose_isr(now_ms);
        if (proposal) asked.push_back({std::move(partition), std::move(*proposal)});
    }
    return asked;
}

IsrChanges::Request IsrChanges::request_of(const std::vector<Asked>& asked) const {
    std::map<Uuid, std::vector<const Asked*>> by_topic;
    for (const auto& one : asked) by_topic[one.partition->topic_id()].push_back(&one);
    Request request;
    request.broker_id = broker_id_;
    request.broker_epoch = broker_epoch_();
    for (const auto& [id, partitions] : by_topic) {
        auto& topic = request.topics.emplace_back();
        topic.topic_id = id;
        for (const auto* one : partitions) {
            auto& added = topic.partitions.emplace_back();
            added.partition_index = one->partition->name().partition;
            added.leader_epoch = one->proposal.leader_epoch;
            added.partition_epoch = one->proposal.partition_epoch;
            for (const auto& member : one->proposal.isr) {
                auto& state = added.new_isr_with_epochs.emplace_back();
                state.broker_id = member.broker;
                state.broker_epoch = member.broker_epoch;
            }
        }
    }
    return request;
}

// Until it is answered, or an image has made it pointless.
asio::awaitable<void> IsrChanges::ask(std::vector<Asked> asked) {
    while (!stopping_) {
        std::erase_if(asked,
                      [](const Asked& one) { return !one.partition->is_open(one.proposal); });
        if (asked.empty()) co_return;
        auto request = request_of(asked);
        const auto deadline = env_.clock.in_ms(kAlterPartitionMs);
        const auto answer = co_await link_->call_here(std::move(request), deadline);
        const auto code = answer ? errc_from_wire(answer->error_code) : answer.error().code;
        if (code == Errc::none) {
            take(asked, *answer);
            co_return;
        }
        logger_.warn("ISR changes not answered partitions={} error={}", asked.size(),
                     errc_name(code));
        const auto pause = env_.clock.in_ms(kAlterRetryMs);
        co_await io::sleep_until(env_.loop, pause);
    }
}

void IsrChanges::take(const std::vector<Asked>& asked, const Response& answer) {
    std::map<std::pair<Uuid, std::int32_t>, const Response::PartitionData*> answers;
    for (const auto& topic : answer.topics) {
        for (const auto& one : topic.partitions) {
            answers.emplace(std::pair(topic.topic_id, one.partition_index), &one);
        }
    }
    for (const auto& one : asked) {
        const auto key = std::pair(one.partition->topic_id(), one.partition->name().partition);
        const auto found = answers.find(key);
        if (found != answers.end()) take_one(one, *found->second);
    }
}

void IsrChanges::take_one(const Asked& asked, const Response::PartitionData& answer) {
    const auto code = errc_from_wire(answer.error_code);
    const auto name = asked.partition->name().to_string();
    if (code == Errc::none) {
        logger_.info("ISR changed partition={} isr=[{}] partition_epoch={}", name,
                     fmt::join(answer.isr, ","), answer.partition_epoch);
        asked.partition->isr_decided(asked.proposal, answer.isr, answer.partition_epoch);
        due(asked.partition);  // Somebody else may have become fit meanwhile.
        return;
    }
    logger_.info("ISR change refused partition={} isr=[{}] error={}", name,
                 fmt::join(ids_of(asked.proposal), ","), errc_name(code));
    // Anything else than "not these brokers" means that the partition has changed: until the image
    // shows how, this proposal may have been what changed it.
    if (code == Errc::ineligible_replica) asked.partition->isr_refused(asked.proposal);
}

asio::awaitable<void> IsrChanges::stop() {
    stopping_ = true;
    news_.notify();
    while (is_running_) co_await ended_.wait_until(io::kNever);
}

}  // namespace kcore::broker
