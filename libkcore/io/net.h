#pragma once
// The only door to sockets: byte streams between addresses. A Net belongs to one loop, and so do
// the streams it makes; all calls happen on that loop's thread.

#include <asio/awaitable.hpp>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "io/clock.h"
#include "io/disk.h"

namespace kcore::io {

template <class T>
using Async = asio::awaitable<Result<T>>;

struct Address {
    std::string host;
    std::uint16_t port = 0;

    std::string to_string() const;  // "host:9092", "[::1]:9092"
    // The 4 or 16 bytes of a numeric host in network order; those of 0.0.0.0 when it is a name.
    Bytes host_bytes() const;
    friend bool operator==(const Address&, const Address&) = default;
};

// A piece of what is sent: bytes in memory, or a range of a file.
struct Piece {
    BytesView bytes;
    File* file = nullptr;  // Set: `size` bytes from `position`; `bytes` is empty.
    std::uint64_t position = 0;
    std::size_t size = 0;

    std::size_t size_bytes() const { return file != nullptr ? size : bytes.size(); }
};

// Fails with network_exception when the peer or close() ended it.
class Stream {
public:
    virtual ~Stream() = default;

    // Waits for bytes and takes what is there; 0 at the peer's end of stream. One at a time.
    virtual Async<std::size_t> read(std::span<std::byte> out) = 0;

    // Waits until bytes or the end of the stream are there and takes none: a waiting connection
    // needs no buffer. Takes turns with read().
    virtual Async<void> readable() = 0;

    // Takes what is there without waiting; 0 when nothing is. Ends are found by read().
    virtual std::size_t read_now(std::span<std::byte> out) = 0;

    // Sends all of it in order but the first `sent` bytes; what the pieces point at must stay until
    // it returns. One at a time.
    virtual Async<void> write(std::span<const Piece> pieces, std::size_t sent) = 0;
    Async<void> write(std::span<const Piece> pieces) { return write(pieces, 0); }

    // Sends from the front what goes out without waiting, and gives the number of bytes; write()
    // sends the rest.
    virtual Result<std::size_t> write_now(std::span<const Piece> pieces) = 0;

    // Ends waiting calls. Idempotent.
    virtual void close() = 0;

    virtual Address local() const = 0;
    virtual Address peer() const = 0;
};

class Net;

class Listener {
public:
    virtual ~Listener() = default;

    // The next connection, as a stream of the loop of `on`.
    virtual Async<std::unique_ptr<Stream>> accept(Net& on) = 0;
    virtual Address local() const = 0;  // With the port that port 0 became.
    virtual void close() = 0;           // Ends accept() with network_exception.
};

struct SocketOptions {
    int send_buffer_bytes = -1;  // -1: left to the system.
    int receive_buffer_bytes = -1;
    int backlog = 4096;
    std::string congestion;  // Empty: the system's choice.
};

class Net {
public:
    virtual ~Net() = default;

    //   network_exception  the address cannot be bound: who holds it, or what is wrong with it
    virtual Result<std::unique_ptr<Listener>> listen(const Address& at,
                                                     const SocketOptions& options) = 0;

    // Tries every address the name stands for until `deadline`.
    virtual Async<std::unique_ptr<Stream>> connect(Address to, Deadline deadline) = 0;
};

}  // namespace kcore::io
