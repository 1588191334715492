#pragma once
// Who was heard of when: the brokers' sessions. Kept by the active controller only; not in the log.

#include <cstdint>
#include <map>
#include <vector>

namespace kcore::controller {

class Sessions {
public:
    explicit Sessions(std::int64_t timeout_ms) : timeout_ms_(timeout_ms) {}

    struct Session {
        std::int64_t epoch = -1;
        std::int64_t last_contact_ms = 0;
        std::int64_t metadata_offset = -1;         // As the broker last told.
        std::int64_t controlled_shutdown_at = -1;  // Offset of the record that began it.
    };

    // A new session, or news of the one there is.
    void touch(std::int32_t broker, std::int64_t epoch, std::int64_t now_ms);
    void at_offset(std::int32_t broker, std::int64_t metadata_offset);
    void begin_shutdown(std::int32_t broker, std::int64_t offset);
    void forget(std::int32_t broker) { sessions_.erase(broker); }
    void clear() { sessions_.clear(); }

    const Session* find(std::int32_t broker) const;
    bool is_live(std::int32_t broker, std::int64_t epoch, std::int64_t now_ms) const;
    std::vector<std::int32_t> expired(std::int64_t now_ms) const;
    // When the first of them expires; kNoDeadline without any.
    std::int64_t next_expiry_ms() const;

private:
    std::int64_t timeout_ms_;
    std::map<std::int32_t, Session> sessions_;
};

}  // namespace kcore::controller
