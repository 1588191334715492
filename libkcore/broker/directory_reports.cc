#include "broker/directory_reports.h"

#include <algorithm>
#include <utility>

namespace kcore::broker {

namespace {

constexpr std::size_t kReplicasMax = 2'000;  // In one request.
constexpr std::int64_t kReportMs = 10'000;
constexpr std::int64_t kReportRetryMs = 500;

}  // namespace

DirectoryReports::DirectoryReports(io::Env& env, std::int32_t broker_id, Logger logger)
    : env_(env),
      broker_id_(broker_id),
      logger_(std::move(logger)),
      news_(env.loop),
      news_remote_(news_.remote()),
      ended_(env.loop) {}

void DirectoryReports::add(const Uuid& topic_id, std::int32_t partition, const Uuid& directory) {
    {
        const std::lock_guard lock(mutex_);
        waiting_.insert_or_assign(Key(topic_id, partition), directory);
    }
    news_remote_.notify();
}

DirectoryReports::Replicas DirectoryReports::take() {
    const std::lock_guard lock(mutex_);
    Replicas taken;
    while (!waiting_.empty() && taken.size() < kReplicasMax) {
        taken.insert(waiting_.extract(waiting_.begin()));
    }
    return taken;
}

// What was added meanwhile is newer.
void DirectoryReports::put_back(Replicas unsent) {
    const std::lock_guard lock(mutex_);
    waiting_.merge(unsent);
}

protocol::AssignReplicasToDirsRequest DirectoryReports::request_of(const Replicas& replicas) const {
    std::map<Uuid, std::map<Uuid, std::vector<std::int32_t>>> by_directory;
    for (const auto& [key, directory] : replicas) {
        by_directory[directory][key.first].push_back(key.second);
    }
    protocol::AssignReplicasToDirsRequest request;
    request.broker_id = broker_id_;
    request.broker_epoch = broker_epoch_();
    for (const auto& [directory, topics] : by_directory) {
        auto& to = request.directories.emplace_back();
        to.id = directory;
        for (const auto& [topic, partitions] : topics) {
            auto& added = to.topics.emplace_back();
            added.topic_id = topic;
            for (const auto number : partitions) {
                added.partitions.emplace_back().partition_index = number;
            }
        }
    }
    return request;
}

// False: the controller did not take it; to be tried again.
asio::awaitable<bool> DirectoryReports::send() {
    for (;;) {
        auto replicas = take();
        if (replicas.empty()) co_return true;
        auto request = request_of(replicas);
        const auto deadline = env_.clock.in_ms(kReportMs);
        const auto answer = co_await link_->call_here(std::move(request), deadline);
        const auto code = answer ? errc_from_wire(answer->error_code) : answer.error().code;
        if (code == Errc::none) continue;
        // A cluster of a version without directories of replicas.
        if (code == Errc::unsupported_version) continue;
        logger_.warn("directories of replicas not told replicas={} error={}", replicas.size(),
                     errc_name(code));
        put_back(std::move(replicas));
        co_return false;
    }
}

asio::awaitable<void> DirectoryReports::start(ControllerLink& link,
                                              std::function<std::int64_t()> broker_epoch) {
    link_ = &link;
    broker_epoch_ = std::move(broker_epoch);
    co_await send();
    is_running_ = true;
    env_.loop.spawn(run());
}

asio::awaitable<void> DirectoryReports::run() {
    while (!stopping_) {
        const bool done = co_await send();
        const auto next = done ? io::kNever : env_.clock.in_ms(kReportRetryMs);
        if (!stopping_) co_await news_.wait_until(next);
    }
    is_running_ = false;
    ended_.notify();
}

asio::awaitable<void> DirectoryReports::stop() {
    stopping_ = true;
    news_.notify();
    while (is_running_) co_await ended_.wait_until(io::kNever);
}

}  // namespace kcore::broker
