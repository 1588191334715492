#pragma once
// Processes as kbroker needs them: signals as calls, a wrapped command, pid files under the user's
// runtime directory.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "cli/parsed.h"

namespace kcore::cli {

// Before any thread is made: from now on SIGTERM and SIGINT reach only wait_for_signal().
void hold_signals();
void wait_for_signal();  // Blocks until one of them comes.
void signal_myself();    // Ends a wait_for_signal().
void wait_for_stdin_end();
void end_with_parent();  // SIGTERM to this process when its parent ends.
[[noreturn]] void end_now(int code);

int process_id();
std::size_t processors();  // That this process may run on.

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

// What a running broker says of itself: lines of key=value in $XDG_RUNTIME_DIR/kcore, else
// /tmp/kcore-UID.
struct Running {
    std::int64_t pid = -1;
    std::int64_t node_id = -1;
    std::int64_t port = -1;
    std::string bootstrap;
    std::string data;  // Directories, or "memory".
};

// Refuses with the system's reason.
Parsed<std::string> write_running(const Running& running);  // The file's path.
void remove_file(const std::string& path);
std::vector<Running> list_running();  // Files of brokers that are gone are removed.
bool is_alive(std::int64_t pid);
bool terminate(std::int64_t pid);

// Replaces `path` at once with `text`.
Parsed<void> write_atomically(const std::string& path, const std::string& text);
Parsed<void> write_to_descriptor(int descriptor, const std::string& text);

}  // namespace kcore::cli
