#pragma once
// Answers of a connection that wait to be sent: bytes, with ranges of files between them. Lives on
// the connection's loop.

#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "io/net.h"
#include "log/log_types.h"
#include "protocol/codec.h"

namespace kcore::broker {

using FileRanges = std::vector<log::FileSlice>;

class Output {
public:
    // Between begin() and end() the caller encodes the body into body().
    void begin(std::int32_t correlation_id, bool is_flexible);
    protocol::Encoded& body() { return encoded_; }
    // ranges[i] stand where the encoder cut for external_index i.
    void end(std::vector<FileRanges> ranges);
    void abandon();  // Forgets the answer begun.
    void append_raw(BytesView header_and_body);

    bool empty() const { return encoded_.bytes.empty(); }
    std::size_t size_bytes() const { return encoded_.bytes.size() + encoded_.external_bytes; }

    // What to send, in order; valid until the next change.
    const std::vector<io::Piece>& pieces();
    FileRanges files() const;
    void clear();

private:
    struct Splice {
        std::size_t at;  // In the bytes.
        log::FileSlice range;
    };
    struct Mark {  // Where the answer begun starts.
        std::size_t bytes = 0;
        std::size_t cuts = 0;
        std::size_t external_bytes = 0;
    };

    protocol::Encoded encoded_;
    std::vector<Splice> splices_;
    std::vector<io::Piece> pieces_;
    Mark begun_;
};

}  // namespace kcore::broker
