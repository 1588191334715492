#pragma once
// The tables that describe messages: what the generator writes and the codec interprets. Offsets
// and functions of a field apply to the generated struct that the table belongs to.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "protocol/message.h"

namespace kcore::protocol {

struct VersionRange {
    std::int16_t low = 0;
    std::int16_t high = -1;  // Below `low`: no version at all.

    constexpr bool contains(std::int16_t version) const {
        return low <= version && version <= high;
    }
    constexpr bool empty() const { return high < low; }

    friend bool operator==(const VersionRange&, const VersionRange&) = default;
};

enum class Kind : std::uint8_t {
    boolean,
    int8,
    int16,
    uint16,
    int32,
    uint32,
    int64,
    float64,
    uuid,
    string,
    bytes,
    records,
    structure,
    array,
};

// Type-erased access to a vector or an optional vector of one element type.
struct ArrayAccess {
    std::size_t element_bytes;
    std::size_t (*count)(const void* field);  // 0 when null
    void* (*data)(void* field);               // nullptr when null or empty
    bool (*is_null)(const void* field);
    void* (*resize)(void* field, std::size_t count);  // Makes it non-null; returns its data.
    void (*set_null)(void* field);                    // Empties it when it cannot be null.
};

// Type-erased access to an optional struct.
struct OptionalAccess {
    void* (*get)(void* field);  // nullptr when null
    void* (*emplace)(void* field);
    void (*set_null)(void* field);
};

struct FieldInfo {
    std::string_view name;  // As in the schema.
    std::uint32_t offset;
    Kind kind;
    Kind element = Kind::boolean;  // Of an array.
    VersionRange plain;            // Versions with the field in its place ...
    VersionRange tagged;           // ... and in the tagged section.
    VersionRange nullable;
    std::int32_t tag = -1;
    bool optional = false;  // The member is a std::optional (never so for records).
    bool default_null = false;
    bool ignorable = false;
    bool never_compact = false;
    bool map_key = false;
    std::int64_t default_number = 0;
    std::string_view entity = {};  // Kind of name: "topicName", "groupId", "brokerId", ...
    const StructInfo* structure = nullptr;
    const ArrayAccess* array = nullptr;
    const OptionalAccess* optional_struct = nullptr;

    constexpr bool exists_in(std::int16_t version) const {
        return plain.contains(version) || tagged.contains(version);
    }
};

inline constexpr std::uint32_t kNoUnknownTags = 0xffffffff;

struct StructInfo {
    std::string_view name;
    std::span<const FieldInfo> fields;          // In wire order.
    std::span<const std::uint8_t> tagged = {};  // Indexes of the tagged fields, by tag.
    std::uint32_t unknown_tags_offset = kNoUnknownTags;
};

struct MessageInfo {
    std::string_view name;
    StructInfo body;
    VersionRange versions;
    VersionRange flexible;
    std::int16_t api_key = -1;      // Of requests and responses.
    std::int32_t record_type = -1;  // Of metadata, coordinator and remote-log records.
    bool latest_unstable = false;   // The highest version is offered only on demand.
    VersionRange deprecated = {};
    void* (*create)();
    void (*destroy)(void* message);
};

template <class T>
void* create_message() {
    return new T();
}
template <class T>
void destroy_message(void* message) {
    delete static_cast<T*>(message);
}

template <class T>
struct VectorAccess {
    static std::size_t count(const void* f) {
        return static_cast<const std::vector<T>*>(f)->size();
    }
    static void* data(void* f) { return static_cast<std::vector<T>*>(f)->data(); }
    static bool is_null(const void*) { return false; }
    static void* resize(void* f, std::size_t n) {
        auto& v = *static_cast<std::vector<T>*>(f);
        v.resize(n);
        return v.data();
    }
    static void set_null(void* f) { static_cast<std::vector<T>*>(f)->clear(); }
};

template <class T>
struct OptionalVectorAccess {
    using Field = std::optional<std::vector<T>>;
    static std::size_t count(const void* f) {
        const auto& v = *static_cast<const Field*>(f);
        return v ? v->size() : 0;
    }
    static void* data(void* f) {
        auto& v = *static_cast<Field*>(f);
        return v ? v->data() : nullptr;
    }
    static bool is_null(const void* f) { return !static_cast<const Field*>(f)->has_value(); }
    static void* resize(void* f, std::size_t n) {
        auto& v = *static_cast<Field*>(f);
        if (!v) v.emplace();
        return VectorAccess<T>::resize(&*v, n);
    }
    static void set_null(void* f) { static_cast<Field*>(f)->reset(); }
};

template <class T, template <class> class Access>
inline constexpr ArrayAccess kArrayAccess{sizeof(T),         Access<T>::count,
                                          Access<T>::data,   Access<T>::is_null,
                                          Access<T>::resize, Access<T>::set_null};

template <class T>
struct OptionalStructAccess {
    static void* get(void* f) {
        auto& v = *static_cast<std::optional<T>*>(f);
        return v ? &*v : nullptr;
    }
    static void* emplace(void* f) { return &static_cast<std::optional<T>*>(f)->emplace(T()); }
    static void set_null(void* f) { static_cast<std::optional<T>*>(f)->reset(); }
};

template <class T>
inline constexpr OptionalAccess kOptionalAccess{OptionalStructAccess<T>::get,
                                                OptionalStructAccess<T>::emplace,
                                                OptionalStructAccess<T>::set_null};

}  // namespace kcore::protocol
