#pragma once
// A message whose type is known only at run time, with the codec's functions over its table.

#include <memory>

#include "protocol/codec.h"

namespace kcore::protocol {

class AnyMessage {
public:
    // All fields at their defaults.
    explicit AnyMessage(const MessageInfo& info)
        : info_(&info), data_(info.create(), info.destroy) {}

    const MessageInfo& info() const { return *info_; }
    void* data() { return data_.get(); }
    const void* data() const { return data_.get(); }

    // nullptr when the message is of another type.
    template <Message T>
    T* get() {
        return info_ == &T::info() ? static_cast<T*>(data()) : nullptr;
    }
    template <Message T>
    const T* get() const {
        return info_ == &T::info() ? static_cast<const T*>(data()) : nullptr;
    }

    friend bool operator==(const AnyMessage& a, const AnyMessage& b) {
        return a.info_ == b.info_ && equal_structs(a.info_->body, a.data(), b.data());
    }

private:
    const MessageInfo* info_;
    std::unique_ptr<void, void (*)(void*)> data_;
};

// As decode<T>.
Result<AnyMessage> decode_any(const MessageInfo& info, BytesView in, std::int16_t version,
                              Trailing trailing = Trailing::refuse);

}  // namespace kcore::protocol
