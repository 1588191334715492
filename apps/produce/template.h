#pragma once
// Generated data: "order-{{seq}} {{uuid}} {{rand 1 100}}". In braces: seq, seq % N, seq + N, uuid,
// rand A B, now (ms), choice A B ...

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "cli/parsed.h"
#include "io/random.h"

namespace kcore::produce {

class Template {
public:
    // Refuses what is not one of these, and braces that do not close.
    static cli::Parsed<Template> compile(std::string_view text);

    // `number` counts from 1.
    void append(std::string& to, std::uint64_t number, io::Random& random,
                std::int64_t now_ms) const;

private:
    enum class Kind : std::uint8_t { literal, sequence, modulo, plus, uuid, between, now, choice };
    struct Part {
        Kind kind = Kind::literal;
        std::string text;
        std::int64_t first = 0;
        std::int64_t last = 0;
        std::vector<std::string> choices = {};
    };

    static cli::Parsed<Part> part_of(std::string_view inside);

    std::vector<Part> parts_;
};

}  // namespace kcore::produce
