#include "cli/common.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "cli/changes.h"
#include "cli/settings.h"
#include "cli/terminal.h"

namespace kcore::cli {

namespace {

constexpr const char* kGroup = "Common options";

void write_stderr(std::string_view text) {
    std::string line(text);
    line += '\n';
    std::fwrite(line.data(), 1, line.size(), stderr);
}

void add_output(std::vector<Option>& out, Common& common) {
    out.push_back({.names = "-o,--output",
                   .placeholder = "FORM",
                   .help = "table, wide, json, jsonl, yaml, csv, name, or help for the fields",
                   .set = to_text(common.output),
                   .aliases = "--format",
                   .default_text = "table",
                   .choices = {"table", "wide", "json", "jsonl", "yaml", "csv", "name", "help"},
                   .complete = Complete::choices,
                   .group = kGroup,
                   .concerns = Concerns::rows});
    out.push_back({.names = "--no-header",
                   .placeholder = "",
                   .help = "tables and CSV without their first line",
                   .set = to_switch(common.no_header),
                   .is_minor = true,
                   .group = kGroup,
                   .concerns = Concerns::rows});
}

void add_changes(std::vector<Option>& out, Common& common) {
    out.push_back({.names = "-y,--yes",
                   .placeholder = "",
                   .help = "apply without asking",
                   .set = to_switch(common.yes),
                   .aliases = "--no-confirm,--noconfirm,--force,--execute",
                   .group = kGroup,
                   .concerns = Concerns::cluster});
    out.push_back({.names = "--dry-run",
                   .placeholder = "",
                   .help = "show what would change; exit 5 if anything",
                   .set = to_switch(common.dry_run),
                   .aliases = "--dry,--validate-only",
                   .group = kGroup,
                   .concerns = Concerns::cluster});
}

void add_settings(std::vector<Option>& out, Common& common) {
    out.push_back({.names = "-b,--bootstrap-server",
                   .placeholder = "HOST:PORT",
                   .help = "brokers to begin with, by commas",
                   .set = to_text(common.bootstrap),
                   .aliases = "--bootstrap-servers,--brokers,--broker-list",
                   .default_text = "localhost:9092",
                   .group = kGroup,
                   .concerns = Concerns::cluster});
    out.push_back({.names = "-X",
                   .placeholder = "K=V",
                   .help = "any client property; 'list' and 'dump' show them",
                   .set = to_list(common.properties),
                   .aliases = "--command-property,--consumer-property,--producer-property",
                   .group = kGroup,
                   .concerns = Concerns::cluster});
    out.push_back({.names = "-F,--command-config",
                   .placeholder = "FILE",
                   .help = "client properties from a file",
                   .set = to_list(common.files),
                   .aliases = "--consumer.config,--producer.config",
                   .complete = Complete::files,
                   .is_minor = true,
                   .group = kGroup,
                   .concerns = Concerns::cluster});
    out.push_back({.names = "-C,--profile",
                   .placeholder = "NAME",
                   .help = "profile of the configuration file",
                   .set = to_text(common.profile),
                   .aliases = "--context",
                   .is_minor = true,
                   .group = kGroup,
                   .concerns = Concerns::cluster});
}

void add_reach(std::vector<Option>& out, Common& common) {
    out.push_back({.names = "--host-map",
                   .placeholder = "A=B",
                   .help = "connect to B where A is named, as kafka:9092=127.0.0.1:19092",
                   .set = to_list(common.host_map),
                   .is_minor = true,
                   .group = kGroup,
                   .concerns = Concerns::cluster});
    out.push_back({.names = "--force-bootstrap",
                   .placeholder = "",
                   .help = "connect to the bootstrap address whatever brokers call themselves",
                   .set = to_switch(common.force_bootstrap),
                   .is_minor = true,
                   .group = kGroup,
                   .concerns = Concerns::cluster});
    out.push_back({.names = "--as-version",
                   .placeholder = "X.Y",
                   .help = "speak as the clients of this release of Kafka",
                   .set = to_text(common.as_version),
                   .aliases = "--broker-version",
                   .default_text = "newest",
                   .is_minor = true,
                   .group = kGroup,
                   .concerns = Concerns::cluster});
}

void add_manner(std::vector<Option>& out, Common& common) {
    out.push_back({.names = "--connect-timeout",
                   .placeholder = "DUR",
                   .help = "limit for connecting",
                   .set = to_duration(common.connect_timeout_ms),
                   .default_text = "5s",
                   .is_minor = true,
                   .group = kGroup,
                   .concerns = Concerns::cluster});
    out.push_back({.names = "--color",
                   .placeholder = "WHEN",
                   .help = "auto, always or never",
                   .set = to_text(common.color),
                   .default_text = "auto",
                   .choices = {"auto", "always", "never"},
                   .complete = Complete::choices,
                   .is_minor = true,
                   .group = kGroup});
    out.push_back({.names = "-q,--quiet",
                   .placeholder = "",
                   .help = "no notices on stderr",
                   .set = to_switch(common.quiet),
                   .is_minor = true,
                   .group = kGroup});
    auto louder = [&common](const std::string&) -> Parsed<void> {
        ++common.verbose;
        return {};
    };
    out.push_back({.names = "-v,--verbose",
                   .placeholder = "",
                   .help = "what the client does; -vv: its requests; -vvv: what they say",
                   .set = louder,
                   .is_minor = true,
                   .group = kGroup});
}

}  // namespace

std::vector<Option> common_options(Common& common, const CommonChoice& choice) {
    std::vector<Option> out;
    add_settings(out, common);
    add_reach(out, common);
    if (choice.output) {
        out.push_back({.names = "--timeout",
                       .placeholder = "DUR",
                       .help = "limit for the whole operation",
                       .set = to_duration(common.timeout_ms),
                       .default_text = "10s",
                       .group = kGroup,
                       .concerns = Concerns::cluster});
        add_output(out, common);
    }
    if (choice.changes) add_changes(out, common);
    add_manner(out, common);
    return out;
}

Option watch_option(Common& common) {
    auto set = [&common](const std::string& text) -> Parsed<void> {
        constexpr std::int64_t kLeastMs = 100;
        if (text.empty()) return common.watch_ms = 2'000, Parsed<void>();
        const auto ms = parse_duration_ms(text);
        if (!ms) return refuse(ms.error());
        if (*ms < kLeastMs) return refuse(fmt::format("'{}' is below 100ms", text));
        return common.watch_ms = *ms, Parsed<void>();
    };
    return {.names = "--watch",
            .placeholder = "DUR",
            .help = "show it again and again, until interrupted",
            .set = std::move(set),
            .aliases = "-w",
            .default_text = "2s",
            .is_optional_value = true,
            .is_minor = true};
}

Parsed<client::Config> client_config(const Common& common) { return read_settings(common); }

Console::Console(const Common& common)
    : common_(common), form_(form_by_name(common.output).value_or(Form::table)) {}

bool Console::is_json() const { return form_ == Form::json || form_ == Form::jsonl; }

void Console::print(std::string_view text) { write_stdout(text); }

int Console::show(const Sheet& sheet) {
    const bool color = wants_color(common_.color, stdout_is_terminal());
    const bool is_table = form_ == Form::table || form_ == Form::wide;
    if (!is_table || !sheet.rows.empty() || sheet.errors.empty()) {
        write_stdout(render(sheet, {form_, !common_.no_header, color}));
    }
    int code = kDone;
    for (const auto& failure : sheet.errors) code = std::max(code, fail(failure));
    return code;
}

int Console::show(const Changes& changes) {
    auto sheet = changes.sheet();
    if (form_ != Form::table) return show(sheet);
    for (const auto& row : changes.rows) {
        if (!row.error) print(row.line() + "\n");
    }
    int code = kDone;
    for (const auto& failure : sheet.errors) code = std::max(code, fail(failure));
    return code;
}

void Console::notice(std::string_view sentence) {
    if (!common_.quiet) write_stderr(sentence);
}

void Console::warn(std::string_view sentence) {
    say("warning:", Paint::yellow, fmt::format(" {}", sentence));
}

void Console::warn_line(std::string_view line) { write_stderr(line); }

int Console::fail(const Failure& failure) {
    const auto text = failure_text(failure, is_json());
    static constexpr std::string_view kWord = "error:";
    if (is_json()) {
        write_stderr(text);
    } else {
        say(kWord, Paint::red, std::string_view(text).substr(kWord.size()));
    }
    return exit_code_of(failure.error);
}

int Console::usage(std::string_view sentence) {
    say("error:", Paint::red, fmt::format(" {}", sentence));
    return kUsage;
}

void Console::say(std::string_view word, Paint paint, std::string_view rest) {
    const bool color = wants_color(common_.color, stderr_is_terminal());
    write_stderr(painted(word, color ? paint : Paint::none) + std::string(rest));
}

bool Console::agree(const Changes& plan, std::string_view question) {
    if (!common_.yes || common_.dry_run) show(plan);
    return agree(question);
}

bool Console::agree(std::string_view question) {
    if (common_.dry_run) return false;
    if (common_.yes) return true;
    if (::isatty(STDIN_FILENO) == 0 || ::isatty(STDERR_FILENO) == 0) {
        notice("nothing was changed: use -y to apply");
        return false;
    }
    std::fprintf(stderr, "%.*s [y/N] ", static_cast<int>(question.size()), question.data());
    std::fflush(stderr);
    char line[16] = {};
    if (std::fgets(line, sizeof line, stdin) == nullptr) return false;
    return line[0] == 'y' || line[0] == 'Y';
}

namespace {

std::function<void()>& last_wish() {
    static std::function<void()> wish;
    return wish;
}

[[noreturn]] void end_by_output(int code) {
    if (auto last = std::exchange(last_wish(), {})) last();
    std::_Exit(code);
}

}  // namespace

void before_output_ends_us(std::function<void()> last) { last_wish() = std::move(last); }

void write_stdout(std::string_view text) {
    while (!text.empty()) {
        const auto written = ::write(STDOUT_FILENO, text.data(), text.size());
        if (written > 0) {
            text.remove_prefix(static_cast<std::size_t>(written));
        } else if (errno == EPIPE) {
            end_by_output(kDone);  // Whoever read us had enough.
        } else if (errno != EINTR) {
            write_stderr(fmt::format("error: cannot write to stdout: {}", std::strerror(errno)));
            end_by_output(kFailed);
        }
    }
}

}  // namespace kcore::cli
