#include "replication/fetch_loop.h"

#include <fmt/format.h>

#include <algorithm>

#include "io/pool.h"
#include "io/steady.h"
#include "protocol/api/list_offsets.h"

namespace kcore::replication {

namespace {

using protocol::FetchResponse;
using protocol::ListOffsetsRequest;
using protocol::ListOffsetsResponse;

constexpr std::int64_t kLatest = -1;
constexpr std::int64_t kEarliest = -2;

}  // namespace

FetchLoop::FetchLoop(io::Env& env, FetchLoopOptions options, Logger logger)
    : env_(env),
      options_(std::move(options)),
      logger_(std::move(logger)),
      fetcher_(options_.fetcher, logger_),
      news_(env.loop) {}

std::shared_ptr<FetchLoop> FetchLoop::start(io::Env& env, FetchLoopOptions options, Logger logger) {
    auto made = std::make_shared<FetchLoop>(env, std::move(options), std::move(logger));
    env.loop.post([made] {
        made->channel_ = made->dial();
        made->env_.loop.spawn(run(made));
    });
    return made;
}

FetchLoop::ChannelPtr FetchLoop::dial() const {
    rpc::ChannelOptions options;
    options.client_id = options_.client_id;
    options.peer_name = "leader " + options_.leader.to_string();
    return std::make_shared<rpc::Channel>(env_, options_.leader, std::move(options));
}

std::int64_t FetchLoop::now_ms() const { return io::steady_ms(env_.clock); }

void FetchLoop::follow(Roles roles) {
    env_.loop.post([self = shared_from_this(), roles = std::move(roles)]() mutable {
        bool is_news = false;
        for (auto& [partition, epoch] : roles) {
            is_news |= self->fetcher_.follow(std::move(partition), epoch);
        }
        if (!is_news) return;
        self->news_.notify();
        if (self->is_asking_) self->hang_up();
    });
}

void FetchLoop::leave(std::vector<TopicPartition> names) {
    env_.loop.post([self = shared_from_this(), names = std::move(names)] {
        for (const auto& name : names) self->fetcher_.leave(name);
    });
}

// The leader may hold the request until its wait is over; what is new should not wait for that.
void FetchLoop::hang_up() {
    auto old = std::exchange(channel_, dial());
    ++hanging_up_;
    env_.loop.spawn(retire(shared_from_this(), std::move(old)));
}

asio::awaitable<void> FetchLoop::retire(std::shared_ptr<FetchLoop> self, ChannelPtr channel) {
    co_await channel->stop();
    channel.reset();
    --self->hanging_up_;
    self->news_.notify();
}

void FetchLoop::end(std::move_only_function<void()> done) {
    env_.loop.post([self = shared_from_this(), done = std::move(done)]() mutable {
        self->on_end_ = std::move(done);
        self->stopping_ = true;
        self->news_.notify();
        self->hang_up();
    });
}

asio::awaitable<void> FetchLoop::run(std::shared_ptr<FetchLoop> self) {
    while (!self->stopping_) co_await self->fetch_once();
    const auto channel = self->channel_;
    co_await channel->stop();
    while (self->hanging_up_ > 0) co_await self->news_.wait_until(io::kNever);
    self->on_end_();
}

asio::awaitable<void> FetchLoop::fetch_once() {
    auto request = fetcher_.next(options_.broker_epoch(), now_ms());
    if (!request) {
        const auto wake_ms = fetcher_.wake_at_ms();
        const auto until = env_.clock.in_ms(wake_ms - std::min(wake_ms, now_ms()));
        co_await news_.wait_until(until);
        co_return;
    }
    const auto channel = channel_;
    const auto deadline = env_.clock.in_ms(options_.timeout_ms);
    is_asking_ = true;
    auto answer = co_await channel->call_framed<FetchResponse>(std::move(*request), deadline);
    is_asking_ = false;
    if (!answer) {
        fetcher_.not_answered();
        if (channel != channel_ || stopping_) co_return;
        logger_.info("no answer to a fetch reason=\"{}\"", answer.error().what);
        const auto pause = env_.clock.in_ms(options_.fetcher.backoff_ms);
        co_await news_.wait_until(pause);
        co_return;
    }
    auto repairs = fetcher_.answered(answer->value, now_ms(), env_.clock.wall_ms());
    for (auto& one : repairs) co_await repair(std::move(one));
}

asio::awaitable<void> FetchLoop::repair(Repair what) {
    const auto outcome = co_await cut(what);
    fetcher_.repaired(what, outcome, now_ms());
}

// What the leader does not have is cut. A log that ends below where the leader's begins starts
// anew there: nothing between the two is left anywhere.
io::Async<LogEnd> FetchLoop::cut(Repair what) {
    const auto& partition = what.partition;
    const auto wall_ms = env_.clock.wall_ms();
    std::move_only_function<Result<LogEnd>()> work;
    if (what.diverging) {
        work = [what, wall_ms] {
            return what.partition->truncate(what.leader_epoch, *what.diverging, wall_ms);
        };
    } else {
        auto to = co_await list_offset(what, kLatest);
        if (!to) co_return std::unexpected(to.error());
        if (*to >= partition->offsets().log_end) {
            to = co_await list_offset(what, kEarliest);
            if (!to) co_return std::unexpected(to.error());
        }
        logger_.warn("the leader does not have what follows partition={} end={} then={}",
                     partition->name().to_string(), partition->offsets().log_end, *to);
        work = [what, wall_ms, to = *to] {
            return what.partition->cut_to(what.leader_epoch, to, wall_ms);
        };
    }
    auto done = co_await io::on_pool<Result<LogEnd>>(env_.loop, env_.pool, std::move(work));
    co_return done;
}

io::Async<std::int64_t> FetchLoop::list_offset(Repair what, std::int64_t position) {
    const auto& name = what.partition->name();
    ListOffsetsRequest request;
    request.replica_id = options_.fetcher.broker_id;
    auto& topic = request.topics.emplace_back();
    topic.name = name.topic;
    auto& asked = topic.partitions.emplace_back();
    asked.partition_index = name.partition;
    asked.current_leader_epoch = what.leader_epoch;
    asked.timestamp = position;
    const auto channel = channel_;
    const auto deadline = env_.clock.in_ms(options_.timeout_ms);
    const auto answer = co_await channel->call<ListOffsetsResponse>(std::move(request), deadline);
    if (!answer) co_return std::unexpected(answer.error());
    if (answer->topics.size() != 1 || answer->topics[0].partitions.size() != 1) {
        co_return fail(Errc::corrupt_message, "an answer about other partitions");
    }
    const auto& found = answer->topics[0].partitions[0];
    const auto code = errc_from_wire(found.error_code);
    if (code != Errc::none) co_return fail(code, std::string(error_info(code).message));
    co_return found.offset;
}

}  // namespace kcore::replication
