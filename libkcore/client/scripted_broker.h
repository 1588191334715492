#pragma once
// For tests of this layer: a broker of a memory network that answers as the test says.

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "io/env.h"
#include "io/loop.h"
#include "io/net.h"
#include "io/wait.h"
#include "protocol/api/api_versions.h"
#include "protocol/api_table.h"
#include "rpc/frame.h"

namespace kcore::client::testing {

// Listens on port 9000 + id. The loop must settle() after leave() and before it is destroyed.
class ScriptedBroker {
public:
    ScriptedBroker(io::Env& env, std::int32_t id) : env_(env) {
        const io::Address at{"127.0.0.1", static_cast<std::uint16_t>(9000 + id)};
        listener_ = *env.net.listen(at, io::SocketOptions());
        env_.loop.spawn(accept_all());
        on<protocol::ApiVersionsRequest, protocol::ApiVersionsResponse>(
            [this](const protocol::ApiVersionsRequest&) { return std::optional(versions()); });
    }

    // Answers requests of this type, or does not (nothing). Offers versions up to `high`.
    template <class Request, class Response>
    void on(std::function<std::optional<Response>(const Request&)> answer,
            std::int16_t high = Request::info().versions.high) {
        const auto& info = Request::info();
        Api api{info.versions.low, high, {}};
        api.handle = [answer = std::move(answer)](BytesView body, std::int16_t version,
                                                  std::int32_t correlation_id) -> Bytes {
            auto request = protocol::decode<Request>(body, version);
            if (!request) return {};
            const auto response = answer(*request);
            if (!response) return {};
            protocol::Encoded out;
            (void)protocol::encode_response(*response, version, correlation_id, out);
            return std::move(out.bytes);
        };
        apis_[info.api_key] = std::move(api);
    }

    // Requests of this API wait until release(); the others do not.
    void hold(std::int16_t api_key) { held_key_ = api_key; }
    std::size_t held() const { return held_.size(); }
    void release(std::size_t index = 0) {
        auto one = std::move(held_[index]);
        held_.erase(held_.begin() + static_cast<std::ptrdiff_t>(index));
        env_.loop.spawn(answer(one.stream, std::move(one.frame)));
    }

    std::size_t asked(std::int16_t api_key) const {
        const auto found = asked_.find(api_key);
        return found == asked_.end() ? 0 : found->second;
    }
    void hang_up() {
        for (auto& stream : streams_) stream->close();
        held_.clear();
    }
    std::int64_t answer_after_ms = 0;  // The answer that is being made.

    void leave() {
        listener_->close();
        hang_up();
    }

private:
    struct Api {
        std::int16_t low = 0;
        std::int16_t high = -1;
        std::function<Bytes(BytesView, std::int16_t, std::int32_t)> handle;
    };
    struct Held {
        io::Stream* stream;
        rpc::Frame frame;
    };

    protocol::ApiVersionsResponse versions() const {
        protocol::ApiVersionsResponse out;
        for (const auto& [key, api] : apis_) {
            auto& one = out.api_keys.emplace_back();
            one.api_key = key;
            one.min_version = api.low;
            one.max_version = api.high;
        }
        return out;
    }

    asio::awaitable<void> accept_all() {
        for (;;) {
            auto taken = co_await listener_->accept(env_.net);
            if (!taken) break;
            streams_.push_back(std::move(*taken));
            env_.loop.spawn(serve(streams_.back().get()));
        }
    }

    asio::awaitable<void> serve(io::Stream* stream) {
        rpc::FrameReader reader(*stream, 1 << 26);
        for (;;) {
            auto frame = co_await reader.next();
            if (!frame) break;
            const auto key = load_be<std::int16_t>(frame->view().data());
            ++asked_[key];
            if (key == held_key_) {
                held_.push_back({stream, std::move(*frame)});
                continue;
            }
            co_await answer(stream, std::move(*frame));
        }
    }

    asio::awaitable<void> answer(io::Stream* stream, rpc::Frame frame) {
        const auto request = protocol::decode_request_header(frame.view());
        if (!request) co_return;
        const auto found = apis_.find(request->header.request_api_key);
        if (found == apis_.end()) co_return;
        const auto body = found->second.handle(request->body, request->header.request_api_version,
                                               request->header.correlation_id);
        const auto due = env_.clock.in_ms(std::exchange(answer_after_ms, 0));
        if (body.empty()) co_return;
        if (due > env_.clock.now()) co_await io::sleep_until(env_.loop, due);
        Bytes out;
        append_be(out, static_cast<std::int32_t>(body.size()));
        append(out, body);
        io::Piece piece;
        piece.bytes = out;
        const std::span<const io::Piece> pieces(&piece, 1);
        co_await stream->write(pieces);
    }

    io::Env& env_;
    std::unique_ptr<io::Listener> listener_;
    std::vector<std::unique_ptr<io::Stream>> streams_;
    std::map<std::int16_t, Api> apis_;
    std::map<std::int16_t, std::size_t> asked_;
    std::int16_t held_key_ = -1;
    std::vector<Held> held_;
};

}  // namespace kcore::client::testing
