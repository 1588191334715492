#include "produce/produce.h"

#include <fmt/format.h>

#include <chrono>
#include <cstring>
#include <memory>

#include "cli/input_file.h"
#include "cli/interrupt.h"
#include "cli/quantity.h"
#include "cli/record_line.h"
#include "cli/text.h"
#include "client/admin.h"
#include "client/producer.h"
#include "io/posix.h"
#include "produce/input.h"
#include "produce/report.h"

namespace kcore::produce {

namespace {

constexpr std::uint64_t kFirstLine = 1;

Encoding encoding_of(const std::string& name) {
    return name == "hex" ? Encoding::hex : name == "base64" ? Encoding::base64 : Encoding::utf8;
}

// One run of the tool.
class Run {
public:
    explicit Run(const Options& options)
        : options_(options),
          console_(options.common),
          report_([this](const std::string& line) { console_.warn_line(line); }),
          parser_(LineRules()) {}

    int run() {
        if (auto ready = prepare(); ready != cli::kDone) return ready;
        client_ = std::make_unique<client::Client>(config_);
        if (options_.wants_create) {
            if (const auto code = create_topic(); code != cli::kDone) return code;
        }
        producer_ = std::make_unique<client::Producer>(
            *client_, [this](const client::Delivery& d) { report_.delivered(d); });
        const auto begin = clock_.now();
        read_all();
        const bool is_whole = producer_->flush(config_.producer.delivery_timeout_ms + 5'000);
        const std::chrono::duration<double> spent = clock_.now() - begin;
        producer_.reset();
        if (!options_.common.quiet) console_.notice(report_.summary(spent.count()));
        if (fatal_ != cli::kDone) return fatal_;
        if (!is_whole || report_.failed() > 0) return cli::kFailed;
        return cli::interrupted() ? cli::kInterrupted : cli::kDone;
    }

private:
    int prepare() {
        auto config = cli::client_config(options_.common);
        if (!config) return console_.usage(config.error());
        config_ = std::move(*config);
        const bool own_partitioner = !options_.partitioner.empty();
        for (const auto& [name, value] : {std::pair{"acks", options_.acks},
                                          {"compression.type", options_.codec},
                                          {"partitioner", options_.partitioner}}) {
            if (value.empty()) continue;
            auto done = client::set_property(config_, name, value);
            if (!done) return console_.usage(done.error().what);
        }
        if (options_.no_idempotence) config_.producer.is_idempotent = false;
        config_.producer.delivery_timeout_ms = options_.delivery_timeout_ms;
        keeps_partition_ = options_.partition < 0 && !own_partitioner && !options_.ignore_partition;
        return prepare_input();
    }

    int prepare_input() {
        topic_ = options_.topic;
        files_ = options_.words;
        is_json_ = options_.json_lines || options_.input == "jsonl";
        if (topic_.empty() && !files_.empty() && !options_.topic_from_record) {
            topic_ = files_.front();
            files_.erase(files_.begin());
        }
        if (topic_.empty() && !is_json_) return console_.usage("TOPIC is missing");
        auto delimiter = cli::unescape(options_.delimiter);
        auto separator = cli::unescape(options_.key_separator);
        if (!delimiter || delimiter->empty())
            return console_.usage("--delimiter is empty or wrong");
        if (!separator) return console_.usage("-K " + separator.error());
        delimiter_ = options_.nul_delimited ? std::string(1, '\0') : *delimiter;
        LineRules rules;
        if (!separator->empty()) rules.key_separator = *separator;
        if (options_.has_key) rules.fixed_key = options_.key;
        if (options_.has_null_value) rules.null_value = options_.null_value;
        if (options_.has_null_key) rules.null_key = options_.null_key;
        rules.is_tombstone = options_.tombstone;
        rules.key_encoding = encoding_of(options_.key_encoding);
        rules.value_encoding = encoding_of(options_.value_encoding);
        parser_.emplace(std::move(rules));
        for (const auto& text : options_.headers) fixed_.push_back(parse_header(text));
        for (const auto& header : fixed_) {
            headers_.push_back({header.name, header.value ? std::optional(as_bytes(*header.value))
                                                          : std::nullopt});
        }
        return cli::kDone;
    }

    int create_topic() {
        client::NewTopic topic;
        topic.name = topic_;
        const auto colon = options_.create.find(':');
        std::int64_t number = -1;
        if (!options_.create.empty()) {
            if (!cli::parse_integer(options_.create.substr(0, colon), number)) {
                return console_.usage("--create takes PARTITIONS:RF");
            }
            topic.partitions = static_cast<std::int32_t>(number);
        }
        if (colon != std::string::npos) {
            if (!cli::parse_integer(options_.create.substr(colon + 1), number)) {
                return console_.usage("--create takes PARTITIONS:RF");
            }
            topic.replication_factor = static_cast<std::int16_t>(number);
        }
        client::Admin admin(*client_);
        auto done = admin.create_topics({topic}, false);
        if (!done) return console_.fail({topic_, done.error()});
        for (const auto& outcome : *done) {
            if (!outcome.error || outcome.error->code == Errc::topic_already_exists) continue;
            return console_.fail({topic_, *outcome.error});
        }
        return cli::kDone;
    }

    void read_all() {
        if (options_.has_delete_key) {
            client::Record record;
            record.key = as_bytes(options_.delete_key);
            send(topic_, options_.partition, record, 1);
            return;
        }
        if (files_.empty()) files_ = {"-"};
        for (const auto& name : files_) {
            if (is_over()) return;
            auto file = cli::InputFile::open(name);
            if (!file) {
                report_.refused(line_, file.error());
            } else if (options_.file_per_record) {
                read_whole(*file, name);
            } else {
                read_pieces(*file, name);
            }
        }
    }

    bool is_over() const {
        return fatal_ != cli::kDone || cli::interrupted() ||
               (options_.count >= 0 && line_ >= static_cast<std::uint64_t>(options_.count));
    }

    void read_pieces(const cli::InputFile& file, const std::string& name) {
        cli::PieceReader reader(file.descriptor(), delimiter_);
        while (!is_over()) {
            const auto piece = reader.next();
            if (!piece) break;
            ++line_;
            is_json_ ? send_json(*piece) : send_line(*piece);
        }
        if (reader.has_failed()) {
            report_.refused(line_, fmt::format("{}: {}", name, std::strerror(reader.error())));
        }
    }

    void read_whole(const cli::InputFile& file, const std::string& name) {
        auto all = file.read_all();
        ++line_;
        if (all) {
            send_line(*all);
        } else {
            report_.refused(line_, fmt::format("{}: {}", name, all.error()));
        }
    }

    void send_line(std::string_view line) {
        auto parsed = parser_->parse(line);
        if (!parsed) {
            report_.refused(line_, parsed.error());
            return;
        }
        client::Record record;
        record.key = parsed->key;
        record.value = parsed->value;
        record.headers = headers_;
        record.timestamp_ms = options_.timestamp_ms;
        send(topic_, static_cast<std::int32_t>(options_.partition), record, line_);
    }

    void send_json(std::string_view line) {
        if (line.empty()) return;
        auto parsed = cli::parse_record_line(line);
        if (parsed && !parsed->unknown_field.empty()) {
            if (options_.strict) {
                parsed = cli::refuse("unknown field " + parsed->unknown_field);
            } else if (!std::exchange(was_warned_, true)) {
                console_.warn(fmt::format("line {}: unknown field {} is ignored", line_,
                                          parsed->unknown_field));
            }
        }
        const bool own_topic = topic_.empty() || options_.topic_from_record;
        if (parsed && own_topic && !parsed->topic)
            parsed = cli::refuse("the record names no topic");
        if (!parsed) {
            report_.refused(line_, parsed.error());
            return;
        }
        client::Record record;
        std::vector<client::Header> headers;
        for (const auto& header : parsed->headers) {
            headers.push_back({header.name, header.value ? std::optional(as_bytes(*header.value))
                                                         : std::nullopt});
        }
        headers.insert(headers.end(), headers_.begin(), headers_.end());
        if (parsed->key) record.key = as_bytes(*parsed->key);
        if (parsed->value) record.value = as_bytes(*parsed->value);
        record.headers = headers;
        record.timestamp_ms =
            options_.timestamp_ms >= 0 ? options_.timestamp_ms : parsed->timestamp_ms;
        const auto partition = keeps_partition_ && parsed->partition
                                   ? *parsed->partition
                                   : static_cast<std::int32_t>(options_.partition);
        send(own_topic ? *parsed->topic : topic_, partition, record, line_);
    }

    void send(std::string_view topic, std::int64_t partition, const client::Record& record,
              std::uint64_t line) {
        report_.sent();
        auto done = producer_->send(topic, static_cast<std::int32_t>(partition), record, line);
        if (done) return;
        const auto& error = done.error();
        const bool is_only_topic = topic == topic_ && error.code != Errc::message_too_large;
        if (is_only_topic && report_.failed() == 0 && line <= kFirstLine) {
            report_.unsent();
            fatal_ = console_.fail({std::string(topic), error});
            return;
        }
        report_.refused(line, fmt::format("{} ({}): {}", errc_name(error.code),
                                          static_cast<int>(error.code), error.what));
        const bool is_hopeless =
            error.code == Errc::network_exception || error.code == Errc::request_timed_out;
        if (is_hopeless) fatal_ = cli::exit_code_of(error);
    }

    const Options& options_;
    cli::Console console_;
    Report report_;
    io::PosixClock clock_;
    client::Config config_;
    std::unique_ptr<client::Client> client_;
    std::unique_ptr<client::Producer> producer_;
    std::optional<LineParser> parser_;
    std::vector<FixedHeader> fixed_;
    std::vector<client::Header> headers_;
    std::vector<std::string> files_;
    std::string topic_;
    std::string delimiter_;
    std::uint64_t line_ = 0;
    int fatal_ = cli::kDone;
    bool is_json_ = false;
    bool keeps_partition_ = false;
    bool was_warned_ = false;
};

}  // namespace

int run(const Options& options) {
    cli::catch_interrupts();
    return Run(options).run();
}

}  // namespace kcore::produce
