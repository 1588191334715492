#include "io/posix_limits.h"

#include <malloc.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>
#include <limits>
#include <utility>

namespace kcore::io {

namespace {

// Above it a limit of cgroup v1 stands for none.
constexpr std::int64_t kNone = std::int64_t{1} << 60;

std::string read_all(const std::string& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

std::int64_t read_limit(const std::string& path) {
    const auto text = read_all(path);
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc() && value > 0 ? value : kNone;
}

// Of a group and all above it: each limits what is in it.
std::int64_t limit_along(std::string path, const std::string& root, const char* file) {
    auto least = kNone;
    for (;;) {
        least = std::min(least, read_limit(root + path + "/" + file));
        if (path.empty() || path == "/") return least;
        path.resize(path.rfind('/'));
    }
}

}  // namespace

std::int64_t resident_bytes() {
    std::ifstream file("/proc/self/statm");
    std::int64_t all_pages = 0, resident_pages = 0;
    file >> all_pages >> resident_pages;
    return resident_pages * ::sysconf(_SC_PAGESIZE);
}

std::int64_t memory_limit_bytes() {
    return memory_limit_bytes(read_all("/proc/self/cgroup"), "/sys/fs/cgroup");
}

std::int64_t memory_limit_bytes(std::string_view groups, const std::string& root) {
    auto least = kNone;
    while (!groups.empty()) {
        const auto line = groups.substr(0, groups.find('\n'));
        groups.remove_prefix(std::min(groups.size(), line.size() + 1));
        // "0::/path" of version 2, "5:memory:/path" of version 1.
        const auto first = line.find(':');
        const auto second = line.find(':', first + 1);
        if (first == line.npos || second == line.npos) continue;
        const auto controllers = line.substr(first + 1, second - first - 1);
        const std::string path(line.substr(second + 1));
        if (controllers.empty()) least = std::min(least, limit_along(path, root, "memory.max"));
        if (controllers == "memory") {
            least = std::min(least, limit_along(path, root + "/memory", "memory.limit_in_bytes"));
        }
    }
    return least == kNone ? 0 : least;
}

void release_freed_memory() { ::malloc_trim(0); }

std::int64_t raise_descriptor_limit() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return std::numeric_limits<std::int32_t>::max();
    const auto soft = std::exchange(limit.rlim_cur, limit.rlim_max);
    if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) limit.rlim_cur = soft;
    constexpr rlim_t kMost = std::numeric_limits<std::int32_t>::max();
    return static_cast<std::int64_t>(std::min(limit.rlim_cur, kMost));
}

}  // namespace kcore::io
