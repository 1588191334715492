// A topic like another one, with its records when they are wanted.
#include <fmt/format.h>

#include <mutex>

#include "cli/bounds.h"
#include "cli/interrupt.h"
#include "cli/read.h"
#include "client/producer.h"
#include "topics/topics.h"

namespace kcore::topics {

namespace {

constexpr std::int64_t kFlushMs = 120'000;

// What was delivered, told from the client's thread.
class Delivered {
public:
    client::OnDelivery teller() {
        return [this](const client::Delivery& delivery) {
            const std::lock_guard lock(mutex_);
            if (delivery.error == nullptr) {
                records_ += delivery.tags.size();
            } else if (!error_) {
                error_ = *delivery.error;
            }
        };
    }
    std::uint64_t records() const {
        const std::lock_guard lock(mutex_);
        return records_;
    }
    std::optional<Error> error() const {
        const std::lock_guard lock(mutex_);
        return error_;
    }

private:
    mutable std::mutex mutex_;
    std::uint64_t records_ = 0;
    std::optional<Error> error_;
};

// Partition by partition as they are, up to what is the end now.
Result<std::uint64_t> copy_records(Session& session, const client::TopicView& from,
                                   const std::string& to) {
    cli::Wanted wanted;
    for (const auto& one : from.partitions) wanted.partitions.push_back({from.name, one.index});
    wanted.ends_now = true;
    auto ranges = cli::resolve(session.client(), wanted);
    if (!ranges) return std::unexpected(std::move(ranges).error());
    Delivered delivered;
    std::optional<Error> refused;
    client::Producer producer(session.client(), delivered.teller());
    auto read = cli::read_ranges(session.client(), std::move(*ranges),
                                 [&](const client::ConsumedRecord& record) {
                                     const client::Record copy{record.key, record.value,
                                                               record.headers, record.timestamp_ms};
                                     auto sent = producer.send(to, record.partition, copy);
                                     if (!sent) refused = std::move(sent).error();
                                     return sent.has_value() && !delivered.error();
                                 });
    const bool is_whole = producer.flush(kFlushMs);
    if (!read) return std::unexpected(std::move(read).error());
    if (refused) return std::unexpected(std::move(*refused));
    if (auto error = delivered.error()) return std::unexpected(std::move(*error));
    if (!is_whole) return fail(Errc::request_timed_out, "not all records were acknowledged");
    return delivered.records();
}

}  // namespace

int clone(Session& session, const Options& options) {
    cli::catch_interrupts();
    auto& console = session.console();
    const auto& from = options.names[0];
    const auto& to = options.names[1];
    auto source = existing(session, from);
    if (!source) return console.fail({from, source.error()});
    auto topic = likeness(session, *source, to);
    if (!topic) return console.fail({from, topic.error()});
    auto outcomes = session.admin().create_topics({*topic}, session.is_dry());
    if (!outcomes) return console.fail({to, outcomes.error()});
    if (outcomes->front().error) return console.fail({to, *outcomes->front().error});
    auto details = cli::Json{{"partitions", topic->partitions},
                             {"replication_factor", topic->replication_factor}};
    if (session.is_dry()) return session.show({"topics", {{to, "would create", details}}});
    if (options.data) {
        auto records = copy_records(session, *source, to);
        if (!records) return console.fail({to, records.error()});
        details["records"] = *records;
        if (cli::interrupted()) {
            session.show({"topics", {{to, "created in part", details}}});
            return cli::kInterrupted;
        }
    }
    return session.show({"topics", {{to, "created", details}}});
}

}  // namespace kcore::topics
