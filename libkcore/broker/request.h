#pragma once
// One request on its way through a handler: what came, from whom, and where the answer goes. Lives
// on the loop of its connection, and no longer than its handling.

#include <algorithm>
#include <asio/awaitable.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "broker/output.h"
#include "io/env.h"
#include "io/wait.h"
#include "protocol/codec.h"
#include "record/validate.h"
#include "rpc/header.h"
#include "security/client_quotas.h"

namespace kcore::broker {

class Dispatch;
struct Services;

// What became of a request.
enum class Done : std::uint8_t {
    answered,
    silent,  // Produce with acks=0: no answer, the next request is served.
    close,   // The connection ends without a byte more.
};

// Most requests are done when the handler returns. One that must wait gives the rest of its work,
// which the connection awaits after sending the answers before it.
using Outcome = std::variant<Done, asio::awaitable<Done>>;

struct ListenerInfo {
    std::string name;   // "PLAINTEXT"
    io::Address bound;  // Where it listens, with the port that port 0 became.
    io::Address advertised;
    std::int16_t security_protocol = 0;
    bool is_controller = false;
};

struct Principal {
    std::string type = "User";
    std::string name = "ANONYMOUS";
    bool token_authenticated = false;
};

// Who sends; the same for all requests of a connection.
struct Sender {
    const ListenerInfo& listener;
    io::Address local;
    io::Address peer;
    Principal principal;
    std::string software_name;
    std::string software_version;
};

class Request {
public:
    // Where a suspended handler can be reached by stop().
    struct Waits {
        io::Signal* signal = nullptr;
        bool stopping = false;
    };

    Request(Sender& s, Services& v, const Dispatch& a, io::Env& e)
        : sender(s), services(v), apis(a), env(e) {}

    rpc::RequestHeader header;
    BytesView frame;  // Header and body.
    Sender& sender;
    Services& services;
    const Dispatch& apis;  // What this listener serves.
    io::Env& env;

    std::int16_t version() const { return header.api_version; }

    // For checking record batches; shared by all requests of the loop, not kept over a wait.
    record::ValidationScratch& scratch() { return *scratch_; }

    // Views in the result point into the frame, which stays until the request is done.
    //   invalid_request  not this message: give the result of malformed() back
    template <class T>
    Result<T> decode() const {
        return protocol::decode<T>(header.body, header.api_version, protocol::Trailing::allow);
    }

    // Puts the answer behind those that wait to be sent, with how long the sender is throttled.
    template <class T>
    Done answer(const T& response) {
        return answer_as(response, header.api_version);
    }
    template <class T>
    Done answer_as(const T& response, std::int16_t version) {
        const auto wait_ms = meter();
        if constexpr (requires { response.throttle_time_ms; }) {
            if (wait_ms > 0) {
                auto throttled = response;
                throttled.throttle_time_ms = static_cast<std::int32_t>(wait_ms);
                return put(throttled, version);
            }
        }
        return put(response, version);
    }
    // The same where ranges of files stand for records: external_index i is filled with ranges[i].
    template <class T>
    Done answer(const T& response, std::vector<FileRanges> ranges) {
        output_->begin(header.correlation_id, flexible_answer_);
        auto encoded = protocol::encode_with_cuts(response, version(), output_->body());
        return finish(std::move(encoded), std::move(ranges));
    }

    // Quotas (security/client_quotas.h). What is charged decides how long the connection is not
    // read after this request; the longest counts.
    bool is_metered() const;
    security::Client client() const { return {sender.principal.name, header.client_id}; }
    void charge(security::Quota quota, double amount);
    // False when it would be too much: then nothing is charged but the wait.
    bool charge_within(security::Quota quota, double amount);
    void throttle(std::int64_t wait_ms) { throttle_ms_ = std::max(throttle_ms_, wait_ms); }
    // Charges the time that the request has taken, once; gives the wait.
    std::int64_t meter();

    // An answer made elsewhere: header and body as they are sent.
    Done answer_raw(BytesView header_and_body);

    // The frame is not what its header says: logged, and the connection closes.
    Done malformed(const Error& error);

    // Waits until notified or until the deadline; returns early when the broker stops. Gives what
    // Signal::wait_until gives.
    asio::awaitable<bool> wait(io::Signal& signal, io::Deadline deadline);
    bool is_stopping() const { return waits_->stopping; }

private:
    friend class Connection;
    template <class T>
    Done put(const T& response, std::int16_t version) {
        output_->begin(header.correlation_id, flexible_answer_);
        return finish(protocol::encode_with_cuts(response, version, output_->body()), {});
    }
    Done finish(Result<void> encoded, std::vector<FileRanges> ranges);

    Output* output_ = nullptr;
    record::ValidationScratch* scratch_ = nullptr;
    Waits* waits_ = nullptr;
    bool flexible_answer_ = false;
    bool is_timed_ = false;  // Its time is still to be charged.
    io::Instant began_{};
    std::int64_t throttle_ms_ = 0;
};

}  // namespace kcore::broker
