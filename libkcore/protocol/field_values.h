#pragma once
// Type-erased reading and setting of a field's value in memory: nulls, defaults, comparison. Knows
// nothing of bytes on the wire.

#include <cstddef>
#include <cstdint>
#include <string>

#include "protocol/message_info.h"

namespace kcore::protocol {

// What the 16 bits of a length can say.
inline constexpr std::int32_t kStringBytesMax = 32767;

template <class T>
T& value_at(void* at) {
    return *static_cast<T*>(at);
}
template <class T>
const T& value_at(const void* at) {
    return *static_cast<const T*>(at);
}

inline void* member(const FieldInfo& field, void* structure) {
    return static_cast<std::byte*>(structure) + field.offset;
}
inline const void* member(const FieldInfo& field, const void* structure) {
    return static_cast<const std::byte*>(structure) + field.offset;
}

// Value of a field of type T (string, bytes) that may be null: nullptr when it is.
template <class T>
const T* present(const FieldInfo& field, const void* at) {
    if (!field.optional) return &value_at<T>(at);
    const auto& held = value_at<std::optional<T>>(at);
    return held ? &*held : nullptr;
}
template <class T>
T& make_present(const FieldInfo& field, void* at) {
    if (!field.optional) return value_at<T>(at);
    auto& held = value_at<std::optional<T>>(at);
    if (!held) held.emplace();
    return *held;
}

// A struct field: its value, nullptr when null.
inline const void* present_struct(const FieldInfo& field, const void* at) {
    return field.optional ? field.optional_struct->get(const_cast<void*>(at)) : at;
}

bool is_null(const FieldInfo& field, const void* at);

// Null where the member can hold it, else empty.
void set_null(const FieldInfo& field, void* at);
void set_default(const FieldInfo& field, void* at);
void set_defaults(const StructInfo& info, void* structure);
bool is_default(const FieldInfo& field, const void* at);

// Any integer kind, boolean included.
std::int64_t get_number(Kind kind, const void* at);
void set_number(Kind kind, void* at, std::int64_t value);

bool equal_structs(const StructInfo& info, const void* a, const void* b);

inline const UnknownTags* unknown_tags(const StructInfo& info, const void* structure) {
    if (info.unknown_tags_offset == kNoUnknownTags) return nullptr;
    return &value_at<UnknownTags>(static_cast<const std::byte*>(structure) +
                                  info.unknown_tags_offset);
}
inline UnknownTags* unknown_tags(const StructInfo& info, void* structure) {
    return const_cast<UnknownTags*>(unknown_tags(info, static_cast<const void*>(structure)));
}

}  // namespace kcore::protocol
