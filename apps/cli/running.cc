#include "cli/running.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "cli/process.h"
#include "cli/quantity.h"

namespace kcore::cli {

namespace {

namespace fs = std::filesystem;

// In a shared directory like /tmp only one that is ours counts.
Parsed<fs::path> runtime_directory() {
    const auto own = environment_value("XDG_RUNTIME_DIR");
    const auto path = own.empty() ? fs::path("/tmp") / fmt::format("kcore-{}", ::getuid())
                                  : fs::path(own) / "kcore";
    std::error_code error;
    fs::create_directories(path, error);
    struct stat info{};
    if (::lstat(path.c_str(), &info) != 0 || !S_ISDIR(info.st_mode) || info.st_uid != ::getuid()) {
        return refuse(fmt::format("{} is not a directory of this user", path.string()));
    }
    ::chmod(path.c_str(), 0700);
    return path;
}

Running read_running(const fs::path& path) {
    Running out;
    std::ifstream in(path);
    for (std::string line; std::getline(in, line);) {
        const auto split = line.find('=');
        if (split == line.npos) continue;
        const auto key = line.substr(0, split);
        const auto value = line.substr(split + 1);
        if (key == "pid") (void)parse_integer(value, out.pid);
        if (key == "node_id") (void)parse_integer(value, out.node_id);
        if (key == "port") (void)parse_integer(value, out.port);
        if (key == "bootstrap") out.bootstrap = value;
        if (key == "data") out.data = value;
    }
    return out;
}

bool is_locked(const fs::path& path) {
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) return false;
    const bool is_free = ::flock(file, LOCK_SH | LOCK_NB) == 0;
    ::close(file);
    return !is_free;
}

}  // namespace

ProcessHandle::ProcessHandle(std::int64_t pid)
    : descriptor_(pid > 0 ? static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)) : -1) {}

ProcessHandle::~ProcessHandle() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

bool ProcessHandle::terminate() const {
    return ::syscall(SYS_pidfd_send_signal, descriptor_, SIGTERM, nullptr, 0) == 0;
}

bool ProcessHandle::ends_within(std::int64_t ms) const {
    pollfd end{descriptor_, POLLIN, 0};
    return ::poll(&end, 1, static_cast<int>(std::min<std::int64_t>(ms, INT32_MAX))) > 0;
}

Parsed<std::string> write_running(const Running& running) {
    auto directory = runtime_directory();
    if (!directory) return refuse(directory.error());
    const auto path =
        (*directory / fmt::format("broker-{}-{}.pid", running.port, running.node_id)).string();
    const auto text =
        fmt::format("pid={}\nnode_id={}\nport={}\nbootstrap={}\ndata={}\n", running.pid,
                    running.node_id, running.port, running.bootstrap, running.data);
    // Locked before it has its name, so that nobody finds it without the lock.
    const auto temporary = fmt::format("{}.{}", path, running.pid);
    const int file = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (file >= 0 && ::flock(file, LOCK_EX | LOCK_NB) == 0 &&
        ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
        ::rename(temporary.c_str(), path.c_str()) == 0) {
        return path;  // The descriptor stays open, as the lock lives as long.
    }
    const int reason = errno;
    if (file >= 0) ::close(file);
    remove_file(temporary);
    return refuse(fmt::format("{}: {}", path, std::strerror(reason)));
}

RunningList list_running() {
    RunningList out;
    const auto directory = runtime_directory();
    if (!directory) return out;
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator(*directory, ignored)) {
        if (entry.path().extension() != ".pid") continue;
        auto running = read_running(entry.path());
        // The handle first: a file that is locked afterwards was the process's when it was made.
        running.process = ProcessHandle(running.pid);
        if (is_locked(entry.path())) {
            out.brokers.push_back(std::move(running));
        } else {
            out.stale.push_back(entry.path().string());
            remove_file(out.stale.back());
        }
    }
    return out;
}

}  // namespace kcore::cli
