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

Done Request::answer_raw(BytesView header_and_body) {
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
    const bool notified = co_await signal.wait_until(deadline);
    waits_->signal = nullptr;
    co_return notified;
}

}  // namespace kcore::broker
