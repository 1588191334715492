#pragma once
// This broker's line to the active controller: one channel to whoever leads the quorum as far as
// is known here, another one as soon as somebody else does. Lives on one loop; call() may be used
// from any.

#include <asio/awaitable.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/logger.h"
#include "io/env.h"
#include "io/wait.h"
#include "protocol/api/envelope.h"
#include "rpc/channel.h"

namespace kcore::broker {

class ControllerLink {
public:
    ControllerLink(io::Env& env, std::string client_id, Logger logger);
    ~ControllerLink();

    // On the loop: where the active controller is; nothing while nobody knows. What an earlier one
    // was asked and has not answered is asked again of this one.
    void lead_by(std::optional<io::Address> controller);

    // From any loop: asks on the link's loop and resumes on `from`. Retries what was not answered
    // by the active controller until `deadline`.
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
            // Kept by the call: another controller may replace it meanwhile.
            const auto channel = channel_;
            Result<Response> answer = nobody_leads();
            if (channel) {
                answer = co_await channel->template call<Response>(request, deadline);
            }
            const auto code = answer ? refusal(*answer) : answer.error().code;
            const bool go_on = is_away(code) && !stopping_ && env_.clock.now() < deadline;
            if (!go_on) co_return answer;
            if (channel == channel_) co_await pause(deadline);
        }
    }

    // On the loop: calls under way, and those to come, fail soon.
    void give_up();
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
    using ChannelPtr = std::shared_ptr<rpc::Channel>;

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
    static std::unexpected<Error> nobody_leads() {
        return fail(Errc::network_exception, "no active controller is known");
    }

    asio::awaitable<void> pause(io::Deadline deadline);
    asio::awaitable<void> retire(ChannelPtr channel);

    io::Env& env_;
    const std::string client_id_;
    Logger logger_;
    ChannelPtr channel_;  // Null: nobody leads.
    int retiring_ = 0;
    io::Signal retired_;
    bool stopping_ = false;
};

}  // namespace kcore::broker
