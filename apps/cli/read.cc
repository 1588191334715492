#include "cli/read.h"

#include <utility>

#include "cli/interrupt.h"

namespace kcore::cli {

Result<void> read_ranges(client::Client& client, std::vector<client::Assignment> ranges,
                         const client::Visit& visit) {
    static constexpr std::int64_t kPollMs = 100;
    bool goes_on = true;
    const client::Visit watched = [&](const client::ConsumedRecord& record) {
        goes_on = visit(record);
        return goes_on;
    };
    client::Consumer consumer(client);
    consumer.assign(std::move(ranges));
    while (goes_on && !consumer.is_finished() && !interrupted()) {
        auto got = consumer.poll(kPollMs, watched);
        if (!got) return std::unexpected(std::move(got).error());
    }
    return {};
}

}  // namespace kcore::cli
