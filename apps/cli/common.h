#pragma once
// The options that all tools share, what they lead to (a client's settings), and how a command
// speaks: rows to stdout, notices and failures to stderr.

#include <functional>
#include <string>
#include <vector>

#include "cli/changes.h"
#include "cli/color.h"
#include "cli/command.h"
#include "cli/sheet.h"
#include "client/config.h"

namespace kcore::cli {

struct Common {
    std::string bootstrap;
    std::vector<std::string> properties;  // -X, in order.
    std::vector<std::string> files;       // -F, in order.
    std::string profile;
    std::vector<std::string> host_map;  // "named=reached", in order.
    std::string as_version;             // Of Kafka; empty: the newest.
    bool force_bootstrap = false;
    std::int64_t timeout_ms = -1;
    std::int64_t connect_timeout_ms = -1;
    std::string output = "table";
    std::string color = "auto";
    bool no_header = false;
    bool quiet = false;
    int verbose = 0;
    std::int64_t watch_ms = 0;  // Between repetitions; 0: none.
    bool yes = false;
    bool dry_run = false;
};

struct CommonChoice {
    bool output = true;   // -o, --output and --no-header.
    bool changes = true;  // -y and --dry-run.
};

// To be appended to a tool's options; `common` must outlive the table.
std::vector<Option> common_options(Common& common, const CommonChoice& choice);

// Of commands that show something; see there.
Option watch_option(Common& common);

// Flags, -X, KCORE_*, -F, the profile and defaults, highest first.
Parsed<client::Config> client_config(const Common& common);

// Speaks for one command.
class Console {
public:
    explicit Console(const Common& common);

    bool is_json() const;  // Failures are JSON objects.

    void print(std::string_view text);  // stdout
    // Rows on stdout, errors on stderr; the exit code that the errors make.
    int show(const Sheet& sheet);
    int show(const Changes& changes);        // In tables one line each.
    void notice(std::string_view sentence);  // stderr, unless quiet
    void warn(std::string_view sentence);    // stderr
    void warn_line(std::string_view line);   // stderr, as it is
    int fail(const Failure& failure);        // stderr; the exit code

    // Usage errors found after parsing; the exit code.
    int usage(std::string_view sentence);

    // Whether to apply what was printed, or with `plan` is to be: -y, or an answer on a terminal.
    bool agree(std::string_view question);
    bool agree(const Changes& plan, std::string_view question);

private:
    // One line on stderr, which begins with `word`.
    void say(std::string_view word, Paint paint, std::string_view rest);

    const Common& common_;
    Form form_;
};

// Ends the process quietly when stdout is a closed pipe, with 1 when it cannot be written; after
// `last`, which is called once.
void write_stdout(std::string_view text);
void before_output_ends_us(std::function<void()> last);

}  // namespace kcore::cli
