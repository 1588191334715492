#include "produce/produce.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <memory>

#include "cli/format_reader.h"
#include "cli/input_file.h"
#include "cli/interrupt.h"
#include "cli/output_file.h"
#include "cli/quantity.h"
#include "cli/record_line.h"
#include "cli/settings.h"
#include "cli/terminal.h"
#include "cli/text.h"
#include "client/admin.h"
#include "client/producer.h"
#include "io/posix.h"
#include "produce/input.h"
#include "produce/report.h"
#include "produce/template.h"

namespace kcore::produce {

namespace {

constexpr std::uint64_t kFirstLine = 1;
constexpr std::int64_t kPauseUsMax = 100'000;  // Then interrupts are looked at.
constexpr std::int64_t kDeliveryMs = 30'000;
constexpr const char* kReportFormat = "%t-%p@%o\\n";

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
        report_.tell_at_once(cli::stdin_is_terminal());
        begun_ = clock_.now();
        read_all();
        const bool is_whole = producer_->flush(config_.producer.delivery_timeout_ms + 5'000);
        const std::chrono::duration<double> spent = clock_.now() - begun_;
        producer_.reset();
        write_reports();
        report_.say_rest();
        const bool began = fatal_ == cli::kDone || report_.has_sent();
        if (!options_.common.quiet && began) console_.notice(report_.summary(spent.count()));
        if (fatal_ != cli::kDone) return fatal_;
        if (!is_whole || report_.failed() > 0) return cli::kFailed;
        return cli::interrupted() ? cli::kInterrupted : cli::kDone;
    }

private:
    int prepare() {
        client::Config defaults;
        defaults.producer.delivery_timeout_ms = kDeliveryMs;
        auto config = cli::read_settings(options_.common, std::move(defaults));
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
        if (options_.delivery_timeout_ms >= 0) {
            config_.producer.delivery_timeout_ms = options_.delivery_timeout_ms;
        }
        // Finding the topic is part of the time that delivery may take.
        const auto limit = config_.producer.delivery_timeout_ms;
        config_.api_timeout_ms = std::min(config_.api_timeout_ms, limit);
        config_.connect_timeout_ms = std::min(config_.connect_timeout_ms, limit);
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
        if (topic_.empty() && !is_json_ && options_.format.empty())
            return console_.usage("TOPIC is missing");
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
        rules.encodings = options_.encodings;
        parser_.emplace(std::move(rules));
        for (const auto& text : options_.headers) fixed_.push_back(parse_header(text));
        for (const auto& header : fixed_) {
            headers_.push_back({header.name, header.value ? std::optional(as_bytes(*header.value))
                                                          : std::nullopt});
        }
        return prepare_extras();
    }

    int prepare_extras() {
        if (!options_.text_template.empty()) {
            auto value = Template::compile(options_.text_template);
            if (!value) return console_.usage("--template: " + value.error());
            value_template_.emplace(std::move(*value));
            auto key = Template::compile(options_.key);
            if (!key) return console_.usage("--key: " + key.error());
            key_template_.emplace(std::move(*key));
            if (options_.count < 0 && options_.duration_ms < 0) {
                return console_.usage("--template needs an end: -c or --duration");
            }
        }
        if (!options_.format.empty()) {
            auto reader = cli::FormatReader::compile(options_.format);
            if (!reader) return console_.usage(reader.error());
            reader_.emplace(std::move(*reader));
        }
        if (options_.wants_report) {
            const auto text = options_.report.empty() ? kReportFormat : options_.report;
            auto format = cli::Format::compile(text);
            if (!format) return console_.usage("--report: " + format.error());
            report_.report_by(std::move(*format));
        }
        if (options_.dead_letter.empty()) return cli::kDone;
        report_.keep_failed(true);
        auto file = cli::OutputFile::append_to(options_.dead_letter);
        if (!file) return console_.usage("--dead-letter: " + file.error());
        dead_letters_.emplace(std::move(*file));
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
        if (value_template_) {
            generate();
            return;
        }
        if (files_.empty()) files_ = {"-"};
        for (const auto& name : files_) {
            if (is_over()) return;
            auto file = cli::InputFile::open(name);
            if (!file) {
                report_.refused(line_, file.error());
            } else if (reader_) {
                read_formatted(*file);
            } else if (options_.file_per_record) {
                read_whole(*file, name);
            } else {
                read_pieces(*file, name);
            }
        }
    }

    bool is_over() const {
        const bool is_late = options_.duration_ms >= 0 &&
                             clock_.now() >= begun_ + io::Milliseconds(options_.duration_ms);
        return is_late || fatal_ != cli::kDone || cli::interrupted() ||
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

    void generate() {
        io::PosixRandom chance;
        io::SeededRandom sown(static_cast<std::uint64_t>(options_.seed));
        io::Random& random = options_.seed >= 0 ? static_cast<io::Random&>(sown) : chance;
        std::string key;
        std::string value;
        while (!is_over()) {
            ++line_;
            key.clear();
            value.clear();
            const auto now_ms = clock_.wall_ms();
            key_template_->append(key, line_, random, now_ms);
            value_template_->append(value, line_, random, now_ms);
            client::Record record;
            if (options_.has_key) record.key = as_bytes(key);
            record.value = as_bytes(value);
            record.headers = headers_;
            record.timestamp_ms = options_.timestamp_ms;
            report_.keep(line_, value);
            send(topic_, options_.partition, record, line_);
            tee(value);
        }
    }

    void read_formatted(const cli::InputFile& file) {
        cli::ByteSource source(file.descriptor());
        while (!is_over()) {
            auto record = reader_->next(source);
            if (record && !*record) return;
            ++line_;
            if (!record) {  // Where the next one begins is not known.
                report_.refused(line_, record.error());
                return;
            }
            send_parsed(std::move(**record), "");
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
        report_.keep(line_, line);
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
        tee(line);
    }

    void send_json(std::string_view line) {
        if (line.empty()) return;
        report_.keep(line_, line);
        auto parsed = cli::parse_record_line(line);
        if (parsed && !parsed->unknown_field.empty()) {
            if (options_.strict) {
                parsed = cli::refuse("unknown field " + parsed->unknown_field);
            } else if (!std::exchange(was_warned_, true)) {
                console_.warn(fmt::format("line {}: unknown field {} is ignored", line_,
                                          parsed->unknown_field));
            }
        }
        if (!parsed) {
            report_.refused(line_, parsed.error());
            return;
        }
        send_parsed(std::move(*parsed), line);
    }

    // Encodings of -s, of what stands in the record as text.
    cli::Parsed<void> encode(cli::InputRecord& parsed) const {
        using Pair = std::pair<std::optional<std::string>*, const cli::Encoding*>;
        for (const auto& [text, encoding] : {Pair{&parsed.key, &options_.encodings.key},
                                             {&parsed.value, &options_.encodings.value}}) {
            if (!*text || encoding->is_plain()) continue;
            auto bytes = encoding->encode(**text);
            if (!bytes) return cli::refuse(std::move(bytes).error());
            *text = std::move(*bytes);
        }
        return {};
    }

    void send_parsed(cli::InputRecord input, std::string_view line) {
        const auto* const parsed = &input;
        const bool own_topic = topic_.empty() || options_.topic_from_record;
        auto encoded = reader_ ? encode(input) : cli::Parsed<void>();
        if (encoded && own_topic && !parsed->topic) {
            encoded = cli::refuse("the record names no topic");
        }
        if (!encoded) {
            report_.refused(line_, encoded.error());
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
        tee(line);
    }

    void tee(std::string_view line) {
        if (!options_.tee) return;
        std::string text(line);
        text += delimiter_;
        cli::write_stdout(text);
    }

    // The time of the next record at --rate.
    void keep_pace() {
        if (options_.rate <= 0) return;
        const std::chrono::duration<double> after(static_cast<double>(paced_++) / options_.rate);
        const auto due = begun_ + std::chrono::duration_cast<io::Instant::duration>(after);
        while (clock_.now() < due && !cli::interrupted()) {
            const auto left = due - clock_.now();
            const auto us = std::chrono::duration_cast<std::chrono::microseconds>(left).count();
            cli::pause_us(std::clamp<std::int64_t>(us, 1, kPauseUsMax));
        }
    }

    void write_reports() {
        if (options_.wants_report) cli::write_stdout(report_.take_acked_lines());
        if (!dead_letters_) return;
        for (const auto& input : report_.take_failed_input()) {
            dead_letters_->write(input);
            dead_letters_->write(delimiter_);
        }
        dead_letters_->flush();
        if (dead_letters_->has_failed() && fatal_ == cli::kDone) {
            console_.warn(fmt::format("cannot write to {}", options_.dead_letter));
            fatal_ = cli::kFailed;
        }
    }

    void send(std::string_view topic, std::int64_t partition, const client::Record& record,
              std::uint64_t line) {
        keep_pace();
        if (options_.wants_report || dead_letters_) write_reports();
        report_.sent();
        auto done = producer_->send(topic, static_cast<std::int32_t>(partition), record, line);
        if (done) return;
        const auto& error = done.error();
        const bool is_only_topic = topic == topic_ && error.code != Errc::message_too_large;
        if (is_only_topic && report_.failed() == 0 && line <= kFirstLine) {
            report_.unsent();
            const bool is_missing = error.code == Errc::unknown_topic_or_partition && partition < 0;
            fatal_ = console_.fail({std::string(topic), error, is_missing ? "--create" : ""});
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
    mutable io::PosixClock clock_;
    client::Config config_;
    std::unique_ptr<client::Client> client_;
    std::unique_ptr<client::Producer> producer_;
    std::optional<LineParser> parser_;
    std::vector<FixedHeader> fixed_;
    std::vector<client::Header> headers_;
    std::vector<std::string> files_;
    std::string topic_;
    std::string delimiter_;
    std::optional<Template> key_template_;
    std::optional<Template> value_template_;
    std::optional<cli::FormatReader> reader_;
    std::optional<cli::OutputFile> dead_letters_;
    io::Instant begun_{};
    std::uint64_t paced_ = 0;
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
