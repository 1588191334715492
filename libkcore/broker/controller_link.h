#pragma once
// This broker's line to the active controller: finds it, keeps one channel to it, asks again when
// it has moved or is away. Lives on one loop; call() may be used from any.

#include <asio/awaitable.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/logger.h"
#include "io/env.h"
#include "io/wait.h"
#include "protocol/api/envelope.h"
#include "rpc/channel.h"

namespace kcore::broker {

class ControllerLink {
public:
    // `candidates` are the controllers' addresses; at least one.
    ControllerLink(io::Env& env, const std::vector<io::Address>& candidates,
                   const std::string& client_id, Logger logger);
    ~ControllerLink();

    // From any loop: asks on the link's loop and resumes on `from`. Retries what never reached the
    // active controller until `deadline`.
    //   request_timed_out, network_exception  no controller answered in time
    template <class Request, class Response = typename Request::Response>
    io::Async<Response> call(io::Loop& from, Request request, io::Deadline deadline) {
        const auto shared = std::make_shared<Call<Request>>(std::move(request), deadline);
        io::Signal done(from);
        const auto remote = done.remote();
        env_.loop.post([this, shared, remote] { env_.loop.spawn(carry(shared, remote)); });
        co_await done.wait_until(io::kNever);
        co_return std::move(*shared->answer);
    }

    // From the link's loop.
    template <class Request, class Response = typename Request::Response>
    io::Async<Response> call_here(Request request, io::Deadline deadline) {
        for (;;) {
            auto answer = co_await channel().template call<Response>(request, deadline);
            const auto code = answer ? refusal(*answer) : answer.error().code;
            const bool go_on = is_away(code) && !stopping_ && env_.clock.now() < deadline;
            if (!go_on) co_return answer;
            co_await try_next(deadline);
        }
    }

    // On the link's loop; no call() may begin after it.
    asio::awaitable<void> stop();

private:
    template <class Request>
    struct Call {
        Call(Request r, io::Deadline d) : request(std::move(r)), deadline(d) {}
        Request request;
        io::Deadline deadline;
        std::optional<Result<typename Request::Response>> answer;
    };

    template <class Request>
    asio::awaitable<void> carry(std::shared_ptr<Call<Request>> shared, io::Signal::Remote done) {
        auto answer = co_await call_here(std::move(shared->request), shared->deadline);
        shared->answer.emplace(std::move(answer));
        done.notify();
    }

    // What the controller itself says against answering.
    template <class Response>
    static Errc refusal(const Response& response) {
        if constexpr (requires { response.error_code; }) {
            return errc_from_wire(response.error_code);
        }
        return Errc::none;
    }
    static bool is_away(Errc code) {
        return code == Errc::not_controller || code == Errc::network_exception;
    }

    rpc::Channel& channel() { return *channels_[current_]; }
    asio::awaitable<void> try_next(io::Deadline deadline);

    io::Env& env_;
    Logger logger_;
    std::vector<std::unique_ptr<rpc::Channel>> channels_;  // One for each candidate.
    std::size_t current_ = 0;
    bool stopping_ = false;
};

}  // namespace kcore::broker
