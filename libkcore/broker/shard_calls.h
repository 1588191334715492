#pragma once
// A request to one or several group coordinators: asked at once, answered together. Most answers
// are there when the asking returns; a join or a sync may take as long as its rebalance.

#include <functional>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "broker/request.h"
#include "group/messages.h"
#include "group/shard.h"

namespace kcore::broker {

class ShardCalls {
public:
    // What to answer, from the responses in the order of asking.
    using Combine = std::move_only_function<Done(Request&, std::vector<group::Response>)>;

    explicit ShardCalls(Request& request);
    ~ShardCalls();

    // Asks the shard of `group_id`; not_coordinator where it is not here.
    void ask(std::string_view group_id, group::Request question);
    void ask(const std::shared_ptr<group::Shard>& shard, group::Request question);
    // The answer is known without asking.
    void refuse(const group::Request& question, Errc code);

    // Gives what the handler returns.
    Outcome finish(Combine combine) &&;

private:
    struct Shared;

    static asio::awaitable<Done> finish_later(Request& request, std::shared_ptr<Shared> shared,
                                              std::unique_ptr<Combine> combine);

    Request& request_;
    group::RequestContext context_;
    std::shared_ptr<Shared> shared_;
};

// The usual case: one group, and its response is the answer.
template <class Response>
Done answer_single(Request& request, std::vector<group::Response> responses) {
    return request.answer(std::get<Response>(responses.front()));
}

}  // namespace kcore::broker
