// What this machine allows: the calls that a broker is made of, by themselves. Results of other
// benchmarks are read as shares of these, taken in the same minute.
#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "base/crc32c.h"

namespace {

using kcore::Bytes;

constexpr std::size_t kFileBytes = 64U << 20;

std::size_t size_of(const benchmark::State& state) {
    return static_cast<std::size_t>(state.range(0));
}
void count_bytes(benchmark::State& state) {
    state.SetBytesProcessed(state.iterations() * state.range(0));
}

void copy(benchmark::State& state) {
    const Bytes from(size_of(state), std::byte{7});
    Bytes to(from.size());
    for (auto _ : state) {
        std::memcpy(to.data(), from.data(), from.size());
        benchmark::ClobberMemory();
    }
    count_bytes(state);
}
BENCHMARK(copy)->Arg(16 << 10)->Arg(1 << 20)->Arg(64 << 20);

void checksum(benchmark::State& state) {
    const Bytes bytes(size_of(state), std::byte{7});
    for (auto _ : state) benchmark::DoNotOptimize(kcore::crc32c(bytes));
    count_bytes(state);
}
BENCHMARK(checksum)->Arg(16 << 10)->Arg(1 << 20);

void null_call(benchmark::State& state) {
    for (auto _ : state) benchmark::DoNotOptimize(::syscall(SYS_getppid));
}
BENCHMARK(null_call);

// A file that is gone with the object; in $TMPDIR, or where KCORE_BENCH_DIR says.
class TemporaryFile {
public:
    TemporaryFile() {
        const char* chosen = std::getenv("KCORE_BENCH_DIR");
        const auto folder = chosen != nullptr ? std::filesystem::path(chosen)
                                              : std::filesystem::temp_directory_path();
        auto name = (folder / "limits-XXXXXX").string();
        fd_ = ::mkstemp(name.data());
        if (fd_ >= 0) ::unlink(name.c_str());
    }
    ~TemporaryFile() {
        if (fd_ >= 0) ::close(fd_);
    }
    TemporaryFile(const TemporaryFile&) = delete;
    TemporaryFile& operator=(const TemporaryFile&) = delete;
    int fd() const { return fd_; }

private:
    int fd_ = -1;
};

void append(benchmark::State& state) {
    const TemporaryFile file;
    const Bytes bytes(size_of(state), std::byte{7});
    off_t at = 0;
    for (auto _ : state) {
        if (::pwrite(file.fd(), bytes.data(), bytes.size(), at) < 0) {
            return state.SkipWithError("pwrite");
        }
        at += state.range(0);
        if (at < static_cast<off_t>(kFileBytes)) continue;
        state.PauseTiming();
        if (::ftruncate(file.fd(), 0) != 0) return state.SkipWithError("ftruncate");
        at = 0;
        state.ResumeTiming();
    }
    count_bytes(state);
}
BENCHMARK(append)->Arg(1 << 10)->Arg(16 << 10)->Arg(64 << 10)->Arg(256 << 10);

void sync_append(benchmark::State& state) {
    const TemporaryFile file;
    const Bytes bytes(size_of(state), std::byte{7});
    off_t at = 0;
    for (auto _ : state) {
        if (::pwrite(file.fd(), bytes.data(), bytes.size(), at) < 0 || ::fdatasync(file.fd()) < 0) {
            return state.SkipWithError("fdatasync");
        }
        at += state.range(0);
    }
}
BENCHMARK(sync_append)->Arg(16 << 10)->UseRealTime();

// Two ends of a connection over loopback.
class Connection {
public:
    Connection() {
        const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
        sockaddr_in at{};
        at.sin_family = AF_INET;
        at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof at;
        auto* address = reinterpret_cast<sockaddr*>(&at);
        left_ = ::socket(AF_INET, SOCK_STREAM, 0);
        const bool made = ::bind(listener, address, size) == 0 && ::listen(listener, 1) == 0 &&
                          ::getsockname(listener, address, &size) == 0 &&
                          ::connect(left_, address, size) == 0;
        right_ = made ? ::accept(listener, nullptr, nullptr) : -1;
        ::close(listener);
    }
    ~Connection() {
        ::close(left_);
        ::close(right_);
    }
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    int left() const { return left_; }
    int right() const { return right_; }
    void end() const { ::shutdown(left_, SHUT_RDWR); }

private:
    int left_ = -1;
    int right_ = -1;
};

void drain(int socket) {
    Bytes bytes(256U << 10);
    while (::recv(socket, bytes.data(), bytes.size(), 0) > 0) {
    }
}

void send_memory(benchmark::State& state) {
    const Connection pair;
    std::jthread reader([&] { drain(pair.right()); });
    const Bytes bytes(size_of(state), std::byte{7});
    for (auto _ : state) {
        if (::send(pair.left(), bytes.data(), bytes.size(), MSG_NOSIGNAL) < 0) {
            state.SkipWithError("send");
            break;
        }
    }
    pair.end();
    count_bytes(state);
}
BENCHMARK(send_memory)->Arg(16 << 10)->Arg(256 << 10);

void send_file(benchmark::State& state) {
    const Connection pair;
    const TemporaryFile file;
    const Bytes bytes(size_of(state), std::byte{7});
    if (::pwrite(file.fd(), bytes.data(), bytes.size(), 0) < 0)
        return state.SkipWithError("pwrite");
    std::jthread reader([&] { drain(pair.right()); });
    for (auto _ : state) {
        off_t at = 0;
        while (at < state.range(0)) {
            const auto left = size_of(state) - static_cast<std::size_t>(at);
            if (::sendfile(pair.left(), file.fd(), &at, left) <= 0) {
                state.SkipWithError("sendfile");
                break;
            }
        }
    }
    pair.end();
    count_bytes(state);
}
BENCHMARK(send_file)->Arg(64 << 10)->Arg(1 << 20);

void ping_pong(benchmark::State& state) {
    const Connection pair;
    std::jthread echo([&] {
        std::array<char, 64> bytes;
        while (::recv(pair.right(), bytes.data(), bytes.size(), MSG_WAITALL) > 0) {
            ::send(pair.right(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
        }
    });
    std::array<char, 64> bytes{};
    for (auto _ : state) {
        ::send(pair.left(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (::recv(pair.left(), bytes.data(), bytes.size(), MSG_WAITALL) <= 0) {
            state.SkipWithError("recv");
            break;
        }
    }
    pair.end();
}
BENCHMARK(ping_pong)->UseRealTime();

}  // namespace
