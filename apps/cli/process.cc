#include "cli/process.h"

#include <fmt/format.h>
#include <sched.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "cli/quantity.h"

namespace kcore::cli {

namespace {

namespace fs = std::filesystem;

sigset_t ending_signals() {
    sigset_t set;
    ::sigemptyset(&set);
    ::sigaddset(&set, SIGTERM);
    ::sigaddset(&set, SIGINT);
    return set;
}

std::string environment(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? "" : value;
}

// In a shared directory like /tmp only one that is ours counts.
Parsed<fs::path> runtime_directory() {
    const auto own = environment("XDG_RUNTIME_DIR");
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

}  // namespace

void hold_signals() {
    const auto set = ending_signals();
    ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

void wait_for_signal() {
    const auto set = ending_signals();
    int which = 0;
    ::sigwait(&set, &which);
}

void signal_myself() { ::kill(::getpid(), SIGTERM); }

void wait_for_stdin_end() {
    char bytes[256];
    for (;;) {
        const auto got = ::read(STDIN_FILENO, bytes, sizeof bytes);
        if (got == 0 || (got < 0 && errno != EINTR)) return;
    }
}

void end_with_parent() {
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (::getppid() == 1) signal_myself();  // It ended before we asked.
}

void end_now(int code) { std::_Exit(code); }

int process_id() { return ::getpid(); }

std::size_t processors() {
    cpu_set_t set;
    if (::sched_getaffinity(0, sizeof set, &set) != 0) return 1;
    return static_cast<std::size_t>(CPU_COUNT(&set));
}

std::string state_directory() {
    const auto own = environment("XDG_STATE_HOME");
    if (!own.empty()) return own + "/kcore";
    const auto home = environment("HOME");
    return (home.empty() ? "/var/tmp" : home + "/.local/state") + std::string("/kcore");
}

Parsed<Child> Child::start(const std::vector<std::string>& command,
                           const std::vector<std::string>& added) {
    std::vector<char*> arguments;
    for (const auto& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    std::vector<char*> variables;
    for (const auto& entry : added) variables.push_back(const_cast<char*>(entry.c_str()));
    for (char** at = environ; *at != nullptr; ++at) variables.push_back(*at);
    variables.push_back(nullptr);
    posix_spawnattr_t attributes;
    ::posix_spawnattr_init(&attributes);
    sigset_t none;
    ::sigemptyset(&none);
    ::posix_spawnattr_setsigmask(&attributes, &none);
    ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    int pid = -1;
    const int error = ::posix_spawnp(&pid, arguments[0], nullptr, &attributes, arguments.data(),
                                     variables.data());
    ::posix_spawnattr_destroy(&attributes);
    if (error != 0) return refuse(fmt::format("{}: {}", command[0], std::strerror(error)));
    return Child(pid);
}

int Child::wait() {
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0) {
        if (errno != EINTR) return 1;
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void Child::interrupt() { ::kill(pid_, SIGTERM); }

Parsed<std::string> write_running(const Running& running) {
    auto directory = runtime_directory();
    if (!directory) return refuse(directory.error());
    const auto path =
        (*directory / fmt::format("broker-{}-{}.pid", running.port, running.node_id)).string();
    auto done = write_atomically(
        path, fmt::format("pid={}\nnode_id={}\nport={}\nbootstrap={}\ndata={}\n", running.pid,
                          running.node_id, running.port, running.bootstrap, running.data));
    if (!done) return refuse(done.error());
    return path;
}

void remove_file(const std::string& path) {
    std::error_code ignored;
    fs::remove(path, ignored);
}

std::vector<Running> list_running() {
    std::vector<Running> out;
    const auto directory = runtime_directory();
    if (!directory) return out;
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator(*directory, ignored)) {
        if (entry.path().extension() != ".pid") continue;
        auto running = read_running(entry.path());
        if (is_alive(running.pid)) {
            out.push_back(std::move(running));
        } else {
            remove_file(entry.path().string());
        }
    }
    return out;
}

bool is_alive(std::int64_t pid) {
    return pid > 0 && (::kill(static_cast<pid_t>(pid), 0) == 0 || errno == EPERM);
}

bool terminate(std::int64_t pid) {
    return pid > 0 && ::kill(static_cast<pid_t>(pid), SIGTERM) == 0;
}

Parsed<void> write_atomically(const std::string& path, const std::string& text) {
    const auto temporary = fmt::format("{}.{}", path, ::getpid());
    {
        std::ofstream out(temporary, std::ios::binary | std::ios::trunc);
        out << text;
        if (!out.flush()) return refuse(fmt::format("{}: {}", path, std::strerror(errno)));
    }
    std::error_code error;
    fs::rename(temporary, path, error);
    if (error) return refuse(fmt::format("{}: {}", path, error.message()));
    return {};
}

Parsed<void> write_to_descriptor(int descriptor, const std::string& text) {
    const auto written = ::write(descriptor, text.data(), text.size());
    if (written != static_cast<ssize_t>(text.size())) {
        return refuse(fmt::format("descriptor {}: {}", descriptor, std::strerror(errno)));
    }
    return {};
}

}  // namespace kcore::cli
