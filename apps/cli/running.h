#pragma once
// The brokers of this user that run, found by the pid files that they write and hold locked.

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "cli/parsed.h"

namespace kcore::cli {

// A process itself, also when it is gone and another one has its id.
class ProcessHandle {
public:
    ProcessHandle() = default;
    explicit ProcessHandle(std::int64_t pid);
    ProcessHandle(ProcessHandle&& other) noexcept
        : descriptor_(std::exchange(other.descriptor_, -1)) {}
    ProcessHandle& operator=(ProcessHandle&& other) noexcept {
        std::swap(descriptor_, other.descriptor_);
        return *this;
    }
    ~ProcessHandle();

    bool terminate() const;  // SIGTERM; false when it cannot be sent.
    // Waits for so long at the most.
    bool ends_within(std::int64_t ms) const;

private:
    int descriptor_ = -1;
};

// What a running broker says of itself.
struct Running {
    std::int64_t pid = -1;
    std::int64_t node_id = -1;
    std::int64_t port = -1;
    std::string bootstrap;
    std::string data;  // Directories, or "memory".
    ProcessHandle process = {};
};

// Writes lines of key=value to a file in $XDG_RUNTIME_DIR/kcore, else /tmp/kcore-UID, and locks it
// until this process ends. Its path; refuses with the system's reason.
Parsed<std::string> write_running(const Running& running);

struct RunningList {
    std::vector<Running> brokers;
    std::vector<std::string> stale;  // Files of brokers that are gone; they were removed.
};
RunningList list_running();

}  // namespace kcore::cli
