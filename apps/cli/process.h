#pragma once
// Processes as kbroker needs them: signals as calls, the environment, a wrapped command, files that
// others wait for.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "cli/parsed.h"

namespace kcore::cli {

// First of all: where the caller closed a standard stream, no file or socket may become it. Reading
// such an input and writing such an output fail; what would go to the errors' stream is dropped.
void fill_standard_streams();

// Before any thread is made: from now on SIGTERM and SIGINT reach only wait_for_signal().
void hold_signals();
void wait_for_signal();  // Blocks until one of them comes.
void signal_myself();    // Ends a wait_for_signal().
void wait_for_stdin_end();
void end_with_parent();  // SIGTERM to this process when its parent ends.
[[noreturn]] void end_now(int code);

int process_id();
std::size_t processors();  // That this process may run on.

// "NAME=value" of this process.
std::vector<std::string> environment_entries();
std::string environment_value(const char* name);  // Empty when not set.
// Of a list with commas, as log.dirs.
std::string absolute_paths(std::string_view paths);

// $XDG_STATE_HOME/kcore, else ~/.local/state/kcore.
std::string state_directory();

// A running command.
class Child {
public:
    // With `environment` ("K=V") added to this process's own.
    static Parsed<Child> start(const std::vector<std::string>& command,
                               const std::vector<std::string>& environment);
    int wait();  // Its exit code; 128 + the signal that ended it.
    void interrupt();

private:
    explicit Child(int pid) : pid_(pid) {}
    int pid_;
};

void remove_file(const std::string& path);

// Replaces `path` at once with `text`.
Parsed<void> write_atomically(const std::string& path, const std::string& text);
Parsed<void> write_to_descriptor(int descriptor, const std::string& text);

}  // namespace kcore::cli
