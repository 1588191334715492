#include "broker/otlp.h"

#include <fmt/format.h>

#include <bit>
#include <cstring>
#include <optional>
#include <utility>

namespace kcore::broker {

namespace {

enum class Wire : std::uint8_t { varint = 0, fixed64 = 1, bytes = 2, fixed32 = 5 };

struct Field {
    std::uint32_t number = 0;
    Wire wire = Wire::varint;
    std::uint64_t scalar = 0;  // Of all but Wire::bytes.
    BytesView bytes;

    std::string text() const { return std::string(as_text(bytes)); }
    double real() const { return std::bit_cast<double>(scalar); }
};

// The fields of one protobuf message, in their order.
class Fields {
public:
    explicit Fields(BytesView bytes) : rest_(bytes) {}

    // Nothing at the end, and once something is wrong.
    std::optional<Field> next() {
        if (rest_.empty() || is_wrong_) return std::nullopt;
        Field field;
        const auto key = varint();
        field.number = static_cast<std::uint32_t>(key >> 3);
        field.wire = static_cast<Wire>(key & 7);
        switch (field.wire) {
            case Wire::varint:
                field.scalar = varint();
                break;
            case Wire::fixed64:
                field.scalar = fixed(8);
                break;
            case Wire::fixed32:
                field.scalar = fixed(4);
                break;
            case Wire::bytes:
                field.bytes = take(varint());
                break;
            default:
                is_wrong_ = true;
        }
        return is_wrong_ ? std::nullopt : std::optional(field);
    }
    bool is_wrong() const { return is_wrong_; }

private:
    BytesView take(std::uint64_t size) {
        if (size > rest_.size()) {
            is_wrong_ = true;
            return {};
        }
        const auto taken = rest_.first(static_cast<std::size_t>(size));
        rest_ = rest_.subspan(taken.size());
        return taken;
    }
    std::uint64_t varint() {
        std::uint64_t value = 0;
        for (unsigned shift = 0; shift < 64; shift += 7) {
            const auto one = take(1);
            if (one.empty()) return 0;
            const auto byte = static_cast<std::uint64_t>(one[0]);
            value |= (byte & 0x7f) << shift;
            if (byte < 0x80) return value;
        }
        is_wrong_ = true;
        return 0;
    }
    std::uint64_t fixed(std::size_t size) {
        const auto bytes = take(size);
        std::uint64_t value = 0;
        if (bytes.empty()) return 0;
        std::memcpy(&value, bytes.data(), bytes.size());  // Little-endian, as this machine.
        return value;
    }
    static_assert(std::endian::native == std::endian::little);

    BytesView rest_;
    bool is_wrong_ = false;
};

// Calls visit(field) for each field; false when the message is damaged, or visit() says so.
template <class Visit>
bool each(BytesView message, const Visit& visit) {
    Fields fields(message);
    while (const auto field = fields.next()) {
        if (!visit(*field)) return false;
    }
    return !fields.is_wrong();
}

using Attributes = std::map<std::string, std::string>;

bool read_value(BytesView message, std::string& out) {
    return each(message, [&](const Field& field) {
        if (field.number == 1) out = field.text();
        if (field.number == 2) out = field.scalar != 0 ? "true" : "false";
        if (field.number == 3) out = std::to_string(static_cast<std::int64_t>(field.scalar));
        if (field.number == 4) out = fmt::format("{}", field.real());
        return true;
    });
}

bool read_attribute(BytesView message, Attributes& out) {
    std::string key, value;
    const bool is_fine = each(message, [&](const Field& field) {
        if (field.number == 1) key = field.text();
        return field.number != 2 || read_value(field.bytes, value);
    });
    if (is_fine) out[std::move(key)] = std::move(value);
    return is_fine;
}

class OtlpReading {
public:
    explicit OtlpReading(std::size_t points_max) : points_max_(points_max) {}

    bool resource_metrics(BytesView message) {
        common_.clear();
        return each(message, [this](const Field& field) {
            if (field.number == 1) return resource(field.bytes);
            return field.number != 2 || scope_metrics(field.bytes);
        });
    }
    std::vector<MetricPoint> take() && { return std::move(points_); }

private:
    bool resource(BytesView message) {
        return each(message, [this](const Field& field) {
            return field.number != 1 || read_attribute(field.bytes, common_);
        });
    }
    bool scope_metrics(BytesView message) {
        return each(message, [this](const Field& field) {
            return field.number != 2 || metric(field.bytes);
        });
    }
    // The name may stand behind the data.
    bool metric(BytesView message) {
        constexpr std::uint32_t kName = 1, kGauge = 5, kSum = 7, kHistogram = 9;
        std::string name;
        const bool is_named = each(message, [&](const Field& field) {
            if (field.number == kName) name = field.text();
            return true;
        });
        return is_named && each(message, [&](const Field& field) {
                   switch (field.number) {
                       case kGauge:
                       case kSum:
                           return data(name, field.bytes, field.number == kSum);
                       case kHistogram:
                           return histogram(name, field.bytes);
                       default:
                           return true;
                   }
               });
    }
    static std::optional<bool> is_delta(BytesView message) {
        constexpr std::uint64_t kDelta = 1;
        bool found = false;
        const bool is_fine = each(message, [&](const Field& field) {
            if (field.number == 2) found = field.scalar == kDelta;
            return true;
        });
        return is_fine ? std::optional(found) : std::nullopt;
    }
    bool data(const std::string& name, BytesView message, bool is_sum) {
        const auto delta = is_sum ? is_delta(message) : false;
        return delta && each(message, [&](const Field& field) {
                   return field.number != 1 || number(name, field.bytes, is_sum, *delta);
               });
    }
    bool number(const std::string& name, BytesView message, bool is_sum, bool delta) {
        constexpr std::uint32_t kDouble = 4, kInt = 6, kAttributes = 7;
        MetricPoint point{name, common_, 0, is_sum, delta};
        const bool is_fine = each(message, [&](const Field& field) {
            if (field.number == kDouble) point.value = field.real();
            if (field.number == kInt) {
                point.value = static_cast<double>(static_cast<std::int64_t>(field.scalar));
            }
            return field.number != kAttributes || read_attribute(field.bytes, point.attributes);
        });
        return is_fine && add(std::move(point));
    }
    bool histogram(const std::string& name, BytesView message) {
        const auto delta = is_delta(message);
        return delta && each(message, [&](const Field& field) {
                   return field.number != 1 || buckets(name, field.bytes, *delta);
               });
    }
    bool buckets(const std::string& name, BytesView message, bool delta) {
        constexpr std::uint32_t kCount = 4, kSum = 5, kAttributes = 9;
        MetricPoint count{name + ".count", common_, 0, true, delta};
        double sum = 0;
        const bool is_fine = each(message, [&](const Field& field) {
            if (field.number == kCount) count.value = static_cast<double>(field.scalar);
            if (field.number == kSum) sum = field.real();
            return field.number != kAttributes || read_attribute(field.bytes, count.attributes);
        });
        auto total = count;
        total.name = name + ".sum";
        total.value = sum;
        return is_fine && add(std::move(count)) && add(std::move(total));
    }
    bool add(MetricPoint point) {
        if (points_.size() == points_max_) return false;
        points_.push_back(std::move(point));
        return true;
    }

    const std::size_t points_max_;
    Attributes common_;  // Of the resource.
    std::vector<MetricPoint> points_;
};

}  // namespace

Result<std::vector<MetricPoint>> read_metrics(BytesView bytes, std::size_t points_max) {
    OtlpReading reading(points_max);
    const bool is_fine = each(bytes, [&](const Field& field) {
        return field.number != 1 || reading.resource_metrics(field.bytes);
    });
    if (is_fine) return std::move(reading).take();
    return fail(Errc::invalid_record,
                fmt::format("not metrics of OpenTelemetry, or more than {} of them", points_max));
}

}  // namespace kcore::broker
