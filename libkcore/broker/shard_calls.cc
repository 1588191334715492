#include "broker/shard_calls.h"

#include <mutex>
#include <optional>

#include "broker/group_shards.h"
#include "broker/services.h"

namespace kcore::broker {

// Touched by the shards' callbacks on any thread, maybe after the handler has given up.
struct ShardCalls::Shared {
    std::mutex mutex;
    std::vector<std::optional<group::Response>> responses;
    std::size_t missing = 0;
    std::optional<io::Signal::Remote> waiting;  // Set by the handler once it waits.

    void put(std::size_t at, group::Response response) {
        const std::lock_guard lock(mutex);
        responses[at] = std::move(response);
        if (--missing == 0 && waiting) waiting->notify();
    }

    bool has_all() {
        const std::lock_guard lock(mutex);
        return missing == 0;
    }

    std::vector<group::Response> take() {
        std::vector<group::Response> out;
        for (auto& response : responses) out.push_back(*std::move(response));
        return out;
    }
};

ShardCalls::ShardCalls(Request& request)
    : request_(request),
      context_{request.version(), request.header.client_id, "/" + request.sender.peer.host,
               request.services.image()},
      shared_(std::make_shared<Shared>()) {}

ShardCalls::~ShardCalls() = default;

void ShardCalls::ask(std::string_view group_id, group::Request question) {
    ask(request_.services.group_shards->find(*context_.image, group_id), std::move(question));
}

void ShardCalls::ask(const std::shared_ptr<group::Shard>& shard, group::Request question) {
    if (!shard) {
        refuse(question, Errc::not_coordinator);
        return;
    }
    std::size_t at = 0;
    {
        const std::lock_guard lock(shared_->mutex);
        at = shared_->responses.size();
        shared_->responses.emplace_back();
        ++shared_->missing;
    }
    shard->submit(std::move(question), context_, [shared = shared_, at](group::Response response) {
        shared->put(at, std::move(response));
    });
}

void ShardCalls::refuse(const group::Request& question, Errc code) {
    const std::lock_guard lock(shared_->mutex);
    shared_->responses.emplace_back(group::error_response(question, context_.version, code));
}

Outcome ShardCalls::finish(Combine combine) && {
    if (shared_->has_all()) return combine(request_, shared_->take());
    auto held = std::make_unique<Combine>(std::move(combine));
    return finish_later(request_, shared_, std::move(held));
}

// The coordinator answers everybody in time, by its own deadlines; the wait has none of its own.
asio::awaitable<Done> ShardCalls::finish_later(Request& request, std::shared_ptr<Shared> shared,
                                               std::unique_ptr<Combine> combine) {
    io::Signal all_here(request.env.loop);
    {
        const std::lock_guard lock(shared->mutex);
        shared->waiting = all_here.remote();
    }
    bool goes_on = true;
    while (goes_on && !shared->has_all()) {
        goes_on = co_await request.wait(all_here, io::kNever);
    }
    if (!shared->has_all()) co_return Done::close;  // The broker stops.
    co_return (*combine)(request, shared->take());
}

}  // namespace kcore::broker
