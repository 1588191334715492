// kafka-console-producer.
#include <fmt/format.h>

#include <memory>

#include "cli/input_file.h"
#include "cli/interrupt.h"
#include "cli/settings.h"
#include "cli/terminal.h"
#include "client/producer.h"
#include "produce/report.h"
#include "produce/scripts/line_message.h"
#include "produce/scripts/scripts.h"

namespace kcore::produce {

namespace {

struct Flags {
    cli::Common common;
    LineMessageFormat format;
    std::vector<std::string> files;       // Of the reader.
    std::vector<std::string> properties;  // Of the reader, over the files.
    std::string topic;
    bool is_sync = false;
};

// One run of the script.
class ConsoleRun {
public:
    ConsoleRun(Flags& flags, client::Config config)
        : flags_(flags),
          console_(flags.common),
          config_(std::move(config)),
          client_(config_),
          report_([this](const std::string& line) { console_.warn_line(line); }),
          producer_(client_, [this](const client::Delivery& d) { report_.delivered(d); }),
          prompt_(cli::stdin_is_terminal() ? ">" : "") {
        report_.tell_at_once(cli::stdin_is_terminal());
    }

    int run() {
        const int code = send_all();
        const bool is_whole = producer_.flush(config_.producer.delivery_timeout_ms + 5'000);
        report_.say_rest();
        if (cli::interrupted()) return cli::kInterrupted;
        return is_whole && report_.failed() == 0 ? code : cli::kFailed;
    }

private:
    int send_all() {
        const auto input = cli::InputFile::standard_input();
        cli::PieceReader lines(input.descriptor(), "\n");
        cli::write_stdout(prompt_);
        for (std::uint64_t number = 1; !cli::interrupted(); ++number) {
            auto line = lines.next();
            if (!line) break;
            if (line->ends_with('\r')) line->remove_suffix(1);
            const auto message = flags_.format.parse(*line, number);
            if (!message) return fail(message.error());
            if (auto done = send(*message, number); !done) return fail(done.error().what);
            if (flags_.is_sync) producer_.flush(config_.producer.delivery_timeout_ms);
            cli::write_stdout(prompt_);
        }
        return lines.has_failed() ? fail("cannot read standard input") : cli::kDone;
    }

    int fail(const std::string& why) {
        console_.warn_line("error: " + why);
        return cli::kFailed;
    }

    Result<void> send(const LineMessage& message, std::uint64_t number) {
        std::vector<client::Header> headers;
        for (const auto& header : message.headers) {
            headers.push_back({header.name, header.value ? std::optional(as_bytes(*header.value))
                                                         : std::nullopt});
        }
        client::Record record;
        if (message.key) record.key = as_bytes(*message.key);
        if (message.value) record.value = as_bytes(*message.value);
        record.headers = headers;
        report_.sent();
        return producer_.send(flags_.topic, client::kAnyPartition, record, number);
    }

    Flags& flags_;
    cli::Console console_;
    const client::Config config_;
    client::Client client_;
    Report report_;
    client::Producer producer_;
    const std::string prompt_;
};

// A flag that stands for a property of the producer.
cli::Option property(Flags& f, std::string names, std::string placeholder, std::string help,
                     std::string key) {
    return {.names = std::move(names),
            .placeholder = std::move(placeholder),
            .help = std::move(help),
            .set = [&f, key = std::move(key)](const std::string& value) -> cli::Parsed<void> {
                f.common.properties.push_back(key + "=" + value);
                return {};
            }};
}

// What this client has no setting for.
cli::Option lacking(std::string name, std::string why) {
    return {.names = std::move(name),
            .placeholder = "VALUE",
            .help = "refused: " + why,
            .set = [why](const std::string&) -> cli::Parsed<void> { return cli::refuse(why); }};
}

cli::Option reader_class() {
    return {.names = "--line-reader",
            .placeholder = "CLASS",
            .help = "only LineMessageReader, the default: Java classes are not loaded",
            .set = [](const std::string& name) -> cli::Parsed<void> {
                if (name.ends_with("LineMessageReader")) return {};
                return cli::refuse(name + ": Java classes are not loaded here");
            }};
}

std::vector<cli::Option> options_of(Flags& f) {
    auto out = cli::connection_options(f.common);
    out[0].aliases = "--broker-list";
    out[1].aliases = "--producer.config";
    auto codec = property(f, "--compression-codec", "CODEC", "gzip when it is not named",
                          "compression.type");
    codec.is_optional_value = true;
    codec.set = [&f](const std::string& name) -> cli::Parsed<void> {
        f.common.properties.push_back("compression.type=" + (name.empty() ? "gzip" : name));
        return {};
    };
    std::vector<cli::Option> own{
        cli::text("--topic", "TOPIC", "the topic", f.topic),
        cli::flag("--sync", "each record is acknowledged before the next is sent", f.is_sync),
        cli::list("--reader-property", "K=V",
                  "parse.key, key.separator, parse.headers, headers.delimiter, headers.separator, "
                  "headers.key.separator, null.marker, ignore.error",
                  f.properties)
            .also("--property"),
        cli::list("--reader-config", "FILE", "properties of the reader", f.files)
            .completing(cli::Complete::files),
        cli::list("--command-property", "K=V", "of the producer", f.common.properties)
            .also("--producer-property"),
        std::move(codec),
        property(f, "--request-required-acks", "N", "all, 1 or 0", "acks"),
        property(f, "--batch-size", "BYTES", "batch.size", "batch.size"),
        property(f, "--max-partition-memory-bytes", "BYTES", "batch.size", "batch.size"),
        property(f, "--max-memory-bytes", "BYTES", "buffer.memory", "buffer.memory"),
        property(f, "--timeout", "MS", "linger.ms", "linger.ms"),
        property(f, "--request-timeout-ms", "MS", "request.timeout.ms", "request.timeout.ms"),
        property(f, "--retry-backoff-ms", "MS", "retry.backoff.ms", "retry.backoff.ms"),
        property(f, "--metadata-expiry-ms", "MS", "metadata.max.age.ms", "metadata.max.age.ms"),
        property(f, "--max-block-ms", "MS", "limit for finding the topic",
                 "default.api.timeout.ms"),
        lacking("--message-send-max-retries", "retries end with delivery.timeout.ms"),
        lacking("--socket-buffer-size", "the system sizes the buffers of sockets"),
        reader_class()};
    out.insert(out.end(), own.begin(), own.end());
    return out;
}

cli::Parsed<void> read_properties(Flags& flags) {
    for (const auto& path : flags.files) {
        auto properties = cli::read_properties(path);
        if (!properties) return cli::refuse(properties.error());
        for (const auto& one : *properties) {
            auto done = flags.format.set(one.key + "=" + one.value);
            if (!done) return cli::refuse(fmt::format("{}: {}", path, done.error()));
        }
    }
    for (const auto& property : flags.properties) {
        auto done = flags.format.set(property);
        if (!done) return done;
    }
    return {};
}

int run(Flags& flags) {
    cli::Console console(flags.common);
    cli::FlagRules rules;
    rules.need("bootstrap-server", !flags.common.bootstrap.empty());
    rules.need("topic", !flags.topic.empty());
    if (rules.are_broken()) return cli::kFailed;
    if (auto done = read_properties(flags); !done) return console.usage(done.error());
    client::Config defaults;
    defaults.allow_auto_create = true;
    defaults.api_timeout_ms = 60'000;
    defaults.producer.linger_ms = 1'000;
    auto config = cli::read_settings(flags.common, std::move(defaults));
    if (!config) return console.usage(config.error());
    cli::catch_interrupts();
    return ConsoleRun(flags, std::move(*config)).run();
}

}  // namespace

cli::Command kafka_console_producer() {
    const auto flags = std::make_shared<Flags>();
    cli::Command out{.name = "kafka-console-producer",
                     .summary = "Send the lines of standard input."};
    out.options = options_of(*flags);
    out.examples = {
        {"kafka-console-producer.sh --bootstrap-server localhost:9092 --topic orders", ""}};
    out.run = [flags] { return run(*flags); };
    return out;
}

}  // namespace kcore::produce
