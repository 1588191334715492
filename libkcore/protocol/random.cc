#include "protocol/random.h"

#include <array>
#include <limits>

#include "base/uuid.h"
#include "protocol/field_values.h"

namespace kcore::protocol {

namespace {

constexpr std::string_view kSample =
    "A record batch is opaque here: the message carries it as it is, whatever it holds.";
constexpr std::uint32_t kUnknownTagMin = 1000;

class Randomizer {
public:
    Randomizer(std::int16_t version, bool flexible, std::uint64_t seed)
        : state_(seed), version_(version), flexible_(flexible) {}

    void fill(const StructInfo& info, void* to) {
        for (const auto& field : info.fields) {
            if (!field.exists_in(version_)) continue;
            auto* at = member(field, to);
            if (field.nullable.contains(version_) && one_in(4)) {
                set_null(field, at);
            } else if (field.tagged.contains(version_) && one_in(3)) {
                set_default(field, at);
            } else {
                fill_field(field, at);
            }
        }
        auto* tags = unknown_tags(info, to);
        if (tags == nullptr || !flexible_ || !one_in(8)) return;
        const auto count = 1 + below(3);
        for (std::uint32_t i = 0; i < count; ++i) {
            tags->emplace_back(kUnknownTagMin + 7 * i, to_bytes(text()));
        }
    }

private:
    // splitmix64
    std::uint64_t next() {
        state_ += 0x9e3779b97f4a7c15ULL;
        auto z = state_;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
        return z ^ (z >> 31);
    }
    std::uint32_t below(std::uint32_t limit) { return static_cast<std::uint32_t>(next() % limit); }
    bool one_in(std::uint32_t n) { return below(n) == 0; }

    std::string text() {
        static constexpr std::array<std::string_view, 8> kParts{
            "orders", "a", "-1", "\xc3\xbc", "\xe2\x82\xac", "\xf0\x9f\x90\x88", "\"\\\n", " "};
        std::string out;
        for (auto n = below(4); n > 0; --n) out += kParts[below(kParts.size())];
        if (one_in(50)) out.append(150, 'x');  // A compact length of two bytes.
        return out;
    }

    // Small, any, and the ends of the range.
    std::int64_t number() {
        switch (below(4)) {
            case 0:
                return static_cast<std::int64_t>(below(200)) - 100;
            case 1:
                return std::numeric_limits<std::int64_t>::max();
            case 2:
                return std::numeric_limits<std::int64_t>::min();
            default:
                return static_cast<std::int64_t>(next());
        }
    }

    BytesView slice() {
        const auto from = below(kSample.size());
        return as_bytes(kSample.substr(from, below(40)));
    }

    void fill_value(Kind kind, const StructInfo* structure, void* at) {
        switch (kind) {
            case Kind::boolean:
                value_at<bool>(at) = one_in(2);
                break;
            case Kind::float64:
                value_at<double>(at) = static_cast<double>(number()) / 8;
                break;
            case Kind::uuid:
                value_at<Uuid>(at) = Uuid{next(), next()};
                break;
            case Kind::string:
                value_at<std::string>(at) = text();
                break;
            case Kind::bytes:
                value_at<Bytes>(at) = to_bytes(slice());
                break;
            case Kind::records:
                value_at<Records>(at) = Records(slice());
                break;
            case Kind::structure:
                fill(*structure, at);
                break;
            default:
                set_number(kind, at, number());
        }
    }

    void fill_field(const FieldInfo& field, void* at) {
        switch (field.kind) {
            case Kind::string:
                make_present<std::string>(field, at) = text();
                break;
            case Kind::bytes:
                make_present<Bytes>(field, at) = to_bytes(slice());
                break;
            case Kind::structure:
                fill(*field.structure, field.optional ? field.optional_struct->emplace(at) : at);
                break;
            case Kind::array: {
                const auto count = below(4);
                auto* data = static_cast<std::byte*>(field.array->resize(at, count));
                for (std::uint32_t i = 0; i < count; ++i) {
                    fill_value(field.element, field.structure,
                               data + i * field.array->element_bytes);
                }
                break;
            }
            default:
                fill_value(field.kind, field.structure, at);
        }
    }

    std::uint64_t state_;
    std::int16_t version_;
    bool flexible_;
};

}  // namespace

void randomize(const MessageInfo& info, void* message, std::int16_t version, std::uint64_t seed) {
    Randomizer(version, info.flexible.contains(version), seed).fill(info.body, message);
}

}  // namespace kcore::protocol
