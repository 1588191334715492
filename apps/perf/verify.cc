// Writes numbered records, reads them back beside it, and says what became of them, whatever is
// done to the cluster meanwhile.
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <chrono>
#include <future>
#include <map>
#include <mutex>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "cli/interrupt.h"
#include "cli/session.h"
#include "cli/terminal.h"
#include "client/consumer.h"
#include "client/producer.h"
#include "io/posix.h"
#include "perf/ledger.h"
#include "perf/perf.h"

namespace kcore::perf {

namespace {

using cli::Json;
using cli::Kind;

constexpr std::int64_t kVerifyPollMs = 100;
constexpr std::int64_t kVerifyFlushMs = 150'000;  // Above delivery.timeout.ms.
constexpr std::size_t kHeadBytes = 42;            // RUN(16) NUMBER(16) CRC(8), with spaces.

const std::vector<cli::Field<Verdict>>& fields() {
    using Row = Verdict;
    static const std::vector<cli::Field<Row>> out{
        {{"sent", "SENT", Kind::number}, [](const Row& r) { return Json(r.sent); }},
        {{"acked", "ACKED", Kind::number}, [](const Row& r) { return Json(r.acked); }},
        {{"failed", "FAILED", Kind::number}, [](const Row& r) { return Json(r.failed); }},
        {{"read", "READ", Kind::number}, [](const Row& r) { return Json(r.read); }},
        {{"unacked_read", "UNACKED-READ", Kind::number, cli::Show::wide},
         [](const Row& r) { return Json(r.unacked_read); }},
        {{"lost", "LOST", Kind::number}, [](const Row& r) { return Json(r.lost); }},
        {{"unseen", "UNSEEN", Kind::number}, [](const Row& r) { return Json(r.unseen); }},
        {{"doubled", "DOUBLED", Kind::number}, [](const Row& r) { return Json(r.doubled); }},
        {{"reordered", "REORDERED", Kind::number}, [](const Row& r) { return Json(r.reordered); }},
        {{"corrupt", "CORRUPT", Kind::number}, [](const Row& r) { return Json(r.corrupt); }},
        {{"conflicts", "CONFLICTS", Kind::number}, [](const Row& r) { return Json(r.conflicts); }},
        {{"status", "STATUS", Kind::status},
         [](const Row& r) { return Json(r.is_well() ? "ok" : "broken"); }}};
    return out;
}

std::uint32_t checksum(std::string_view text) { return crc32c(as_bytes(text)); }

// "RUN NUMBER CRC padding": the checksum is of all but itself.
std::string value_of(const std::string& run, std::uint64_t number, std::size_t size) {
    const auto head = fmt::format("{} {:016x} ", run, number);
    std::string padding(size > kHeadBytes ? size - kHeadBytes : 0, ' ');
    for (std::size_t i = 0; i < padding.size(); ++i) {
        padding[i] = static_cast<char>('a' + (number + i) % 26);
    }
    return fmt::format("{}{:08x}{}", head, checksum(head + padding), padding);
}

// One run: the main thread writes, another one reads.
class Verify {
public:
    Verify(cli::Session& session, const Options& options)
        : options_(options), session_(session), run_(run_id()) {}

    Result<Verdict> run(std::vector<client::Assignment> ranges) {
        for (const auto& range : ranges) passed_[range.partition.partition] = range.start;
        client::Consumer consumer(session_.client());
        consumer.assign(std::move(ranges));
        std::promise<void> ended;
        auto written = ended.get_future();
        const auto pool = io::make_posix_pool(1);
        pool->submit([&] {
            write();
            ended.set_value();
        });
        auto read = read_until_settled(consumer, written);
        is_over_ = true;
        written.wait();
        for (auto& [partition, offset] : passed_) {
            const auto at = consumer.position({options_.topic, partition});
            offset = std::max(offset, at.value_or(offset));
        }
        if (!read) return std::unexpected(std::move(read).error());
        return ledger_.verdict(passed_);
    }

    // After run().
    const std::vector<std::string>& findings() const { return ledger_.findings(); }
    const std::optional<Error>& first_failure() const { return first_failure_; }

private:
    static std::string run_id() {
        io::PosixRandom random;
        return fmt::format("{:016x}", random.next());
    }

    void delivered(const client::Delivery& delivery) {
        const std::lock_guard lock(mutex_);
        for (std::size_t i = 0; i < delivery.tags.size(); ++i) {
            if (delivery.error != nullptr) {
                ledger_.failed(delivery.tags[i]);
                continue;
            }
            const auto base = delivery.base_offset;
            ledger_.acked(delivery.tags[i], delivery.partition,
                          base < 0 ? -1 : base + static_cast<std::int64_t>(i));
        }
        if (delivery.error != nullptr && !first_failure_) first_failure_ = *delivery.error;
    }

    bool goes_on(std::uint64_t number, io::Instant begun) {
        const auto most = static_cast<std::uint64_t>(options_.records);
        if (is_over_ || cli::interrupted() || (options_.records >= 0 && number >= most))
            return false;
        return options_.duration_ms < 0 ||
               clock_.now() < begun + io::Milliseconds(options_.duration_ms);
    }

    void keep_pace(std::uint64_t number, io::Instant begun) {
        const std::chrono::duration<double> after(static_cast<double>(number) /
                                                  options_.throughput);
        const auto due = begun + std::chrono::duration_cast<io::Instant::duration>(after);
        const auto left = due - clock_.now();
        const auto us = std::chrono::duration_cast<std::chrono::microseconds>(left).count();
        if (us > 0) cli::pause_us(us);
    }

    void write() {
        client::Producer producer(session_.client(),
                                  [this](const client::Delivery& d) { delivered(d); });
        const auto begun = clock_.now();
        for (std::uint64_t i = 0; goes_on(i, begun); ++i) {
            if (options_.throughput > 0) keep_pace(i, begun);
            send(producer);
        }
        producer.flush(kVerifyFlushMs);
    }

    void send(client::Producer& producer) {
        std::unique_lock lock(mutex_);
        const auto number = ledger_.send();
        lock.unlock();
        const auto value = value_of(run_, number, static_cast<std::size_t>(options_.record_size));
        const auto keys = static_cast<std::uint64_t>(std::max<std::int64_t>(options_.keys, 1));
        const auto key = fmt::format("{}", number % keys);
        client::Record record;
        record.value = as_bytes(value);
        if (options_.keys > 0) record.key = as_bytes(key);
        auto sent = producer.send(options_.topic, client::kAnyPartition, record, number);
        if (sent) return;
        lock.lock();
        ledger_.failed(number);
        if (!first_failure_) first_failure_ = sent.error();
    }

    void judge(const client::ConsumedRecord& record) {
        const auto text = record.value ? as_text(*record.value) : std::string_view();
        passed_[record.partition] = record.offset + 1;
        if (!text.starts_with(run_)) return;  // Somebody else's.
        std::uint64_t number = 0;
        const bool is_whole = text.size() >= kHeadBytes;
        if (is_whole) std::from_chars(text.data() + 17, text.data() + 33, number, 16);
        const auto expected =
            value_of(run_, number, static_cast<std::size_t>(options_.record_size));
        if (!is_whole || text != expected) return ledger_.corrupt(record.partition, record.offset);
        ledger_.read(number, record.partition, record.offset);
    }

    // Until the writer has ended and all that was acknowledged is here, or long enough after.
    Result<void> read_until_settled(client::Consumer& consumer, std::future<void>& written) {
        const client::Visit visit = [this](const client::ConsumedRecord& record) {
            const std::lock_guard lock(mutex_);
            judge(record);
            return true;
        };
        std::optional<io::Deadline> deadline;
        for (;;) {
            auto got = consumer.poll(kVerifyPollMs, visit);
            if (!got) return std::unexpected(std::move(got).error());
            if (written.wait_for(std::chrono::seconds(0)) != std::future_status::ready) continue;
            if (!deadline) deadline = clock_.in_ms(options_.settle_ms);
            const std::lock_guard lock(mutex_);
            if (ledger_.is_settled() || clock_.now() >= *deadline) return {};
        }
    }

    const Options& options_;
    cli::Session& session_;
    const std::string run_;
    io::PosixClock clock_;
    std::atomic<bool> is_over_ = false;
    mutable std::mutex mutex_;
    Ledger ledger_;
    std::map<std::int32_t, std::int64_t> passed_;
    std::optional<Error> first_failure_;
};

}  // namespace

cli::Sheet verify_fields() { return cli::make_sheet<Verdict>("verdicts", fields(), {}); }

int verify(const Options& given) {
    cli::catch_interrupts();
    auto options = given;
    if (options.records < 0 && options.duration_ms < 0) options.duration_ms = 10'000;
    cli::Console console(options.common);
    auto config = settings(console, options);
    if (!config) return cli::kUsage;
    config->consumer.is_read_committed = true;
    cli::Session session(options.common, std::move(*config));
    auto ranges = assignments(session.admin(), options.topic, client::kLatest);
    if (!ranges) return console.fail({options.topic, ranges.error()});
    Verify verify(session, options);
    auto verdict = verify.run(std::move(*ranges));
    if (!verdict) return console.fail({options.topic, verdict.error()});
    console.show(cli::make_sheet<Verdict>("verdicts", fields(), {*verdict}));
    for (const auto& finding : verify.findings()) console.warn(finding);
    if (verify.first_failure()) {
        console.notice(fmt::format("the first that failed: {}", verify.first_failure()->what));
    }
    if (!verdict->is_well()) return cli::kConditionFails;
    return cli::interrupted() ? cli::kInterrupted : cli::kDone;
}

}  // namespace kcore::perf
