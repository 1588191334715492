#include "consume/consume.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "cli/format.h"
#include "cli/interrupt.h"
#include "cli/record_line.h"
#include "cli/terminal.h"
#include "client/admin.h"
#include "client/consumer.h"
#include "consume/bounds.h"
#include "io/posix.h"

namespace kcore::consume {

namespace {

constexpr std::size_t kBufferBytes = 256U << 10;
constexpr std::int64_t kPollMs = 100;
constexpr std::int64_t kCommitMs = 1'000;

// One run of the tool.
class Run {
public:
    explicit Run(const Options& options) : options_(options), console_(options.common) {}

    int run() {
        if (const auto code = prepare(); code != cli::kDone) return code;
        client_ = std::make_unique<client::Client>(config_);
        admin_ = std::make_unique<client::Admin>(*client_);
        consumer_ = std::make_unique<client::Consumer>(*client_);
        consumer_->show_control_records(options_.control_records);
        const auto code = in_group() ? subscribe() : assign();
        if (code != cli::kDone) return code;
        const auto outcome = read();
        flush();
        if (in_group()) commit();
        if (options_.count_only) cli::write_stdout(fmt::format("{}\n", seen_));
        return outcome;
    }

private:
    bool in_group() const { return !options_.group.empty() && !is_backlog(); }
    // An explicit position reads without joining, from the group's offsets if they are asked for.
    bool is_backlog() const { return options_.range.start.has_value(); }

    int prepare() {
        if (options_.topics.empty()) return console_.usage("TOPIC is missing");
        auto config = cli::client_config(options_.common);
        if (!config) return console_.usage(config.error());
        config_ = std::move(*config);
        for (const auto& [name, value] : {std::pair{"isolation.level", options_.isolation},
                                          {"partition.assignment.strategy", options_.assignor},
                                          {"group.instance.id", options_.instance_id}}) {
            if (value.empty()) continue;
            auto done = client::set_property(config_, name, value);
            if (!done) return console_.usage(done.error().what);
        }
        config_.consumer.group_id = options_.group;
        config_.consumer.auto_commit = false;  // After the output, by commit().
        if (!options_.format.empty()) {
            auto format = cli::Format::compile(options_.format, options_.kcat_format);
            if (!format) return console_.usage(format.error());
            format_.emplace(std::move(*format));
        }
        is_json_ = options_.json_lines || options_.output != "text";
        line_options_ = {options_.all_fields, options_.control_records};
        is_eager_ = options_.unbuffered || cli::stdout_is_terminal();
        if (const auto& start = options_.range.start;
            start && start->kind == cli::Position::Kind::time) {
            least_timestamp_ = start->value;
        }
        return cli::kDone;
    }

    int subscribe() {
        consumer_->subscribe(options_.topics, [this] {
            flush();
            commit();
        });
        return cli::kDone;
    }

    int assign() {
        auto view = admin_->metadata(options_.topics);
        if (!view) return console_.fail({"", view.error()});
        Wanted wanted;
        wanted.range = options_.range;
        wanted.group = options_.group;
        wanted.ends_now = options_.exit_at_end;
        wanted.is_read_committed = config_.consumer.is_read_committed;
        for (const auto& topic : options_.topics) {
            const auto* known = (*view)->find(topic);
            if (known == nullptr || known->error != Errc::none) {
                return console_.fail(
                    {topic,
                     Error(known == nullptr ? Errc::unknown_topic_or_partition : known->error,
                           "there is no such topic")});
            }
            for (const auto& partition : known->partitions) {
                const auto& list = options_.partitions;
                if (!list.empty() && std::ranges::find(list, partition.index) == list.end())
                    continue;
                wanted.partitions.push_back({topic, partition.index});
            }
            for (const auto partition : options_.partitions) {
                if (static_cast<std::size_t>(partition) < known->partitions.size()) continue;
                return console_.fail(
                    {topic, Error(Errc::unknown_topic_or_partition,
                                  fmt::format("there is no partition {}, only {}", partition,
                                              known->partitions.size()))});
            }
        }
        auto assignments = resolve(*admin_, wanted);
        if (!assignments) return console_.fail({"", assignments.error()});
        consumer_->assign(std::move(*assignments));
        return cli::kDone;
    }

    int read() {
        auto last_record = clock_.now();
        auto last_commit = clock_.now();
        const client::Visit visit = [this](const client::ConsumedRecord& r) { return take(r); };
        while (!is_over()) {
            if (cli::interrupted()) {
                return options_.count >= 0 ? cli::kInterrupted : cli::kDone;
            }
            auto got = consumer_->poll(kPollMs, visit);
            if (!got) {
                flush();
                return console_.fail({"", got.error()});
            }
            const auto now = clock_.now();
            if (*got > 0) last_record = now;
            if (consumer_->is_drained() || is_eager_) flush();
            if (in_group() && now - last_commit > io::Milliseconds(kCommitMs)) {
                commit();
                last_commit = now;
            }
            const bool is_idle = options_.timeout_ms >= 0 &&
                                 now - last_record >= io::Milliseconds(options_.timeout_ms);
            if (is_idle && !is_over()) {
                return options_.count >= 0 ? cli::kTimeRanOut : cli::kDone;
            }
        }
        return cli::kDone;
    }

    bool is_over() {
        if (options_.count >= 0 && static_cast<std::int64_t>(seen_) >= options_.count) return true;
        if (in_group()) look_at_assignment();
        const bool has_end = options_.exit_at_end || options_.range.end;
        return has_end && consumer_->assignment_number() > 0 && consumer_->is_finished();
    }

    // With -e the ends are those of the moment when the partitions came.
    void look_at_assignment() {
        const auto number = consumer_->assignment_number();
        if (number == assignment_number_) return;
        assignment_number_ = number;
        const auto partitions = consumer_->assignment();
        if (!partitions.empty()) {
            std::string line = "assigned";
            for (const auto& one : partitions) line += " " + one.to_string();
            console_.notice(line);
        }
        if (!options_.exit_at_end) return;
        std::vector<client::OffsetQuery> queries;
        for (const auto& one : partitions) queries.push_back({one, client::kLatest});
        auto ends = admin_->offsets(std::move(queries), config_.consumer.is_read_committed);
        if (!ends) return;
        for (const auto& end : *ends) {
            if (!end.error) consumer_->set_end(end.partition, end.offset);
        }
    }

    bool take(const client::ConsumedRecord& record) {
        if (record.timestamp_ms < least_timestamp_) return true;
        ++seen_;
        if (options_.count_only) return !is_count_reached();
        if (is_json_) {
            cli::append_record_line(out_, record, line_options_);
            out_ += '\n';
        } else if (format_) {
            format_->append(out_, record, seen_);
        } else {
            if (record.value) out_ += as_text(*record.value);
            out_ += '\n';
        }
        if (out_.size() >= kBufferBytes) flush();
        return !is_count_reached();
    }

    bool is_count_reached() const {
        return options_.count >= 0 && static_cast<std::int64_t>(seen_) >= options_.count;
    }

    void flush() {
        if (out_.empty()) return;
        cli::write_stdout(out_);
        out_.clear();
    }

    void commit() {
        if (options_.no_commit) return;
        auto done = consumer_->commit();
        if (!done) console_.warn(fmt::format("not committed: {}", done.error().what));
    }

    const Options& options_;
    cli::Console console_;
    io::PosixClock clock_;
    client::Config config_;
    std::unique_ptr<client::Client> client_;
    std::unique_ptr<client::Admin> admin_;
    std::unique_ptr<client::Consumer> consumer_;
    std::optional<cli::Format> format_;
    cli::RecordLineOptions line_options_;
    std::string out_;
    std::uint64_t seen_ = 0;
    std::uint64_t assignment_number_ = 0;
    std::int64_t least_timestamp_ = std::numeric_limits<std::int64_t>::min();
    bool is_json_ = false;
    bool is_eager_ = false;
};

}  // namespace

int run(const Options& options) {
    cli::catch_interrupts();
    return Run(options).run();
}

cli::Parsed<std::vector<std::int32_t>> parse_partitions(const std::string& text) {
    std::vector<std::int32_t> out;
    for (const auto& piece : cli::split_commas(text)) {
        const auto dash = piece.find('-');
        std::int64_t first = 0;
        std::int64_t last = 0;
        const auto to = dash == piece.npos ? piece : piece.substr(dash + 1);
        const bool is_good = cli::parse_integer(piece.substr(0, dash), first) &&
                             cli::parse_integer(to, last) && first >= 0 && first <= last &&
                             last - first < 100'000 && last <= INT32_MAX;
        if (!is_good)
            return cli::refuse(fmt::format("'{}' is not a list of partitions: 0,1,4-7", text));
        for (; first <= last; ++first) out.push_back(static_cast<std::int32_t>(first));
    }
    return out;
}

}  // namespace kcore::consume
