#include "cli/process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "cli/text.h"

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

// Whether both give the same variable a value.
bool is_same_variable(std::string_view one, std::string_view other) {
    return one.substr(0, one.find('=')) == other.substr(0, other.find('='));
}

}  // namespace

void fill_standard_streams() {
    // The other way round than they are used, so that using them is an error and not nothing.
    constexpr int kHow[] = {O_WRONLY, O_RDONLY, O_RDWR};
    for (int stream = 0; stream < 3; ++stream) {
        if (::fcntl(stream, F_GETFD) >= 0) continue;
        if (::open("/dev/null", kHow[stream]) != stream) return;
    }
}

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

std::vector<std::string> environment_entries() {
    std::vector<std::string> entries;
    for (char** at = environ; *at != nullptr; ++at) entries.emplace_back(*at);
    return entries;
}

std::string environment_value(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? "" : value;
}

std::string absolute_paths(std::string_view paths) {
    std::string out;
    for (const auto& path : split_commas(std::string(paths))) {
        out += (out.empty() ? "" : ",") + fs::absolute(path).lexically_normal().string();
    }
    return out;
}

std::string state_directory() {
    const auto own = environment_value("XDG_STATE_HOME");
    if (!own.empty()) return own + "/kcore";
    const auto home = environment_value("HOME");
    return (home.empty() ? "/var/tmp" : home + "/.local/state") + std::string("/kcore");
}

Parsed<Child> Child::start(const std::vector<std::string>& command,
                           const std::vector<std::string>& added) {
    std::vector<char*> arguments;
    for (const auto& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    std::vector<char*> variables;
    for (const auto& entry : added) variables.push_back(const_cast<char*>(entry.c_str()));
    for (char** at = environ; *at != nullptr; ++at) {
        const std::string_view inherited(*at);
        const bool is_replaced = std::ranges::any_of(
            added, [&](const std::string& own) { return is_same_variable(own, inherited); });
        if (!is_replaced) variables.push_back(*at);
    }
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

void remove_file(const std::string& path) {
    std::error_code ignored;
    fs::remove(path, ignored);
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
