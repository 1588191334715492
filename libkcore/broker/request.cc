#include "broker/request.h"

#include <fmt/format.h>

#include <utility>

#include "broker/services.h"

namespace kcore::broker {

Done Request::malformed(const Error& error) {
    services.logger.info("closing peer={} api={} version={} reason=\"{}\"", sender.peer.to_string(),
                         header.api_key, header.api_version, error.what);
    return Done::close;
}

bool Request::is_metered() const {
    return services.client_quotas != nullptr && services.client_quotas->limits_any();
}

void Request::charge(security::Quota quota, double amount) {
    if (!is_metered()) return;
    throttle(services.client_quotas->charge(quota, client(), amount, env.clock.now()));
}

bool Request::charge_within(security::Quota quota, double amount) {
    if (!is_metered()) return true;
    const auto now = env.clock.now();
    const auto wait_ms = services.client_quotas->charge_within(quota, client(), amount, now);
    throttle(wait_ms);
    return wait_ms == 0;
}

std::int64_t Request::meter() {
    if (std::exchange(is_timed_, false)) {
        const std::chrono::duration<double> took = env.clock.now() - began_;
        constexpr double kPercent = 100;
        charge(security::Quota::request, took.count() * kPercent);
    }
    return throttle_ms_;
}

Done Request::answer_raw(BytesView header_and_body) {
    meter();
    output_->append_raw(header_and_body);
    return Done::answered;
}

Done Request::finish(Result<void> encoded, std::vector<FileRanges> ranges) {
    if (encoded) {
        output_->end(std::move(ranges));
        return Done::answered;
    }
    output_->abandon();
    services.logger.error("answer not encodable api={} version={} reason=\"{}\"", header.api_key,
                          header.api_version, encoded.error().what);
    return Done::close;
}

asio::awaitable<bool> Request::wait(io::Signal& signal, io::Deadline deadline) {
    if (waits_->stopping) co_return false;
    waits_->signal = &signal;
    const auto paused = env.clock.now();
    const bool notified = co_await signal.wait_until(deadline);
    began_ += env.clock.now() - paused;  // Who waits takes no thread.
    waits_->signal = nullptr;
    co_return notified;
}

}  // namespace kcore::broker
