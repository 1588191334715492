#include "consume/expression.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/pattern.h"
#include "cli/text.h"

namespace kcore::consume {

namespace {

using client::ConsumedRecord;
using PlainJson = nlohmann::json;

enum class Op : std::uint8_t { any, all, no, equal, unequal, less, at_most, more, at_least, like };

constexpr std::array<std::pair<std::string_view, Op>, 7> kComparisons{{{"==", Op::equal},
                                                                       {"!=", Op::unequal},
                                                                       {"<=", Op::at_most},
                                                                       {">=", Op::at_least},
                                                                       {"=~", Op::like},
                                                                       {"<", Op::less},
                                                                       {">", Op::more}}};
constexpr std::array<std::string_view, 7> kRoots{"key",       "value",  "headers", "topic",
                                                 "partition", "offset", "ts"};

// A path or a literal.
struct Operand {
    std::vector<std::string> path;
    PlainJson literal;
};

PlainJson text_json(std::string_view text) {
    return cli::is_utf8(text) ? PlainJson(std::string(text)) : PlainJson();
}

PlainJson inside(PlainJson from, const std::vector<std::string>& path, std::size_t at) {
    for (; at < path.size(); ++at) {
        const auto& name = path[at];
        PlainJson next;
        if (from.is_object() && from.contains(name)) next = from[name];
        const bool is_index =
            !name.empty() && std::ranges::all_of(name, [](char c) { return c >= '0' && c <= '9'; });
        if (from.is_array() && is_index && name.size() < 10) {
            const auto index = std::stoul(name);
            if (index < from.size()) next = from[index];
        }
        from = std::move(next);
    }
    return from;
}

PlainJson field(const std::optional<BytesView>& bytes, const std::vector<std::string>& path) {
    if (!bytes) return {};
    const auto text = as_text(*bytes);
    if (path.size() == 1) return text_json(text);
    auto parsed = PlainJson::parse(text, nullptr, false);
    return parsed.is_discarded() ? PlainJson() : inside(std::move(parsed), path, 1);
}

PlainJson header(const ConsumedRecord& record, const std::vector<std::string>& path) {
    if (path.size() != 2) return {};
    const auto found = std::ranges::find(record.headers, path[1], &client::Header::key);
    if (found == record.headers.end() || !found->value) return {};
    return text_json(as_text(*found->value));
}

PlainJson value_of(const Operand& operand, const ConsumedRecord& record) {
    const auto& path = operand.path;
    if (path.empty()) return operand.literal;
    if (path[0] == "key") return field(record.key, path);
    if (path[0] == "value") return field(record.value, path);
    if (path[0] == "headers") return header(record, path);
    if (path[0] == "topic") return text_json(record.topic);
    if (path[0] == "partition") return record.partition;
    if (path[0] == "offset") return record.offset;
    return record.timestamp_ms;
}

// Text that reads as a number compares with numbers as one: keys and headers are always text.
void make_comparable(PlainJson& a, const PlainJson& b) {
    if (!a.is_string() || !b.is_number()) return;
    auto number = PlainJson::parse(a.get_ref<const std::string&>(), nullptr, false);
    if (number.is_number()) a = std::move(number);
}

bool holds(Op op, PlainJson a, PlainJson b) {
    make_comparable(a, b);
    make_comparable(b, a);
    if (op == Op::equal) return a == b;
    if (op == Op::unequal) return a != b;
    const bool has_order = (a.is_number() && b.is_number()) || (a.is_string() && b.is_string());
    if (!has_order) return false;
    if (op == Op::less) return a < b;
    if (op == Op::at_most) return a <= b;
    if (op == Op::more) return b < a;
    return b <= a;
}

}  // namespace

struct Expression::Node {
    Op op = Op::any;
    std::vector<std::shared_ptr<const Node>> parts;  // Of any, all and no; else none.
    Operand left;
    Operand right;
    std::optional<Pattern> pattern;
    bool is_bare = false;  // `left` alone.

    bool matches(const ConsumedRecord& record) const {
        const auto fits = [&](const auto& part) { return part->matches(record); };
        if (is_bare) {
            const auto value = value_of(left, record);
            return !value.is_null() && value != PlainJson(false);
        }
        if (op == Op::any) return std::ranges::any_of(parts, fits);
        if (op == Op::all) return std::ranges::all_of(parts, fits);
        if (op == Op::no) return !fits(parts.front());
        auto value = value_of(left, record);
        if (op != Op::like) return holds(op, std::move(value), value_of(right, record));
        const auto text = value.is_string() ? value.get<std::string>() : value.dump();
        return !value.is_null() && pattern->is_found_in(text);
    }
};

namespace {

using Node = Expression::Node;
using NodePtr = std::shared_ptr<const Node>;

// Recursive descent; the first thing wrong is kept.
class Reader {
public:
    explicit Reader(std::string_view text) : text_(text) {}

    cli::Parsed<NodePtr> read() {
        auto root = either(0);
        skip_space();
        if (wrong_.empty() && at_ < text_.size()) wrong("not understood");
        if (!wrong_.empty()) return cli::refuse(wrong_);
        return root;
    }

private:
    static constexpr int kDepthMax = 100;

    void wrong(std::string_view what) {
        if (wrong_.empty()) {
            wrong_ = fmt::format("--filter: {} at '{}'", what,
                                 text_.substr(std::min(at_, text_.size())));
        }
    }
    void skip_space() {
        while (at_ < text_.size() && text_[at_] == ' ') ++at_;
    }
    bool take(std::string_view token) {
        skip_space();
        if (!text_.substr(at_).starts_with(token)) return false;
        at_ += token.size();
        return true;
    }

    NodePtr either(int depth) { return joined(Op::any, "||", depth); }
    NodePtr joined(Op op, std::string_view token, int depth) {
        auto node = std::make_shared<Node>();
        node->op = op;
        do {
            node->parts.push_back(op == Op::any ? joined(Op::all, "&&", depth) : condition(depth));
        } while (wrong_.empty() && take(token));
        return node->parts.size() == 1 ? node->parts.front() : node;
    }

    NodePtr condition(int depth) {
        auto node = std::make_shared<Node>();
        if (depth > kDepthMax) {
            wrong("nested too deeply");
            return node;
        }
        if (take("(")) {
            auto inner = either(depth + 1);
            if (!take(")")) wrong("no ')'");
            return inner;
        }
        skip_space();
        if (!text_.substr(at_).starts_with("!=") && take("!")) {
            node->op = Op::no;
            node->parts.push_back(condition(depth + 1));
            return node;
        }
        node->left = operand();
        for (const auto& [token, op] : kComparisons) {
            if (!wrong_.empty() || !take(token)) continue;
            node->op = op;
            node->right = operand();
            if (op == Op::like) compile(*node);
            return node;
        }
        node->is_bare = true;
        return node;
    }

    void compile(Node& node) {
        if (!node.right.path.empty() || !node.right.literal.is_string()) {
            wrong("=~ needs a quoted expression");
            return;
        }
        auto pattern = Pattern::parse(node.right.literal.get<std::string>());
        if (!pattern) return wrong("not a regular expression: " + pattern.error().what);
        node.pattern = std::move(*pattern);
    }

    Operand operand() {
        Operand out;
        skip_space();
        if (at_ < text_.size() && text_[at_] == '.') {
            while (at_ < text_.size() && text_[at_] == '.') {
                const auto end = text_.find_first_of(". ()=!<>&|", ++at_);
                out.path.emplace_back(text_.substr(at_, std::min(end, text_.size()) - at_));
                at_ = std::min(end, text_.size());
            }
            if (std::ranges::find(kRoots, out.path[0]) == kRoots.end()) {
                wrong(fmt::format("a path begins with {}, not '{}'", fmt::join(kRoots, ", "),
                                  out.path[0]));
            }
            return out;
        }
        const auto size = literal_size();
        out.literal = PlainJson::parse(text_.substr(at_, size), nullptr, false);
        if (out.literal.is_discarded()) {
            wrong("a path (.value.id) or a literal (7, \"text\", true, null) is missing");
        }
        at_ += size;
        return out;
    }

    std::size_t literal_size() const {
        const auto rest = text_.substr(at_);
        if (!rest.starts_with('"')) return std::min(rest.find_first_of(" ()=!<>&|"), rest.size());
        for (std::size_t i = 1; i < rest.size(); ++i) {
            if (rest[i] == '\\') {
                ++i;
            } else if (rest[i] == '"') {
                return i + 1;
            }
        }
        return rest.size();
    }

    std::string_view text_;
    std::size_t at_ = 0;
    std::string wrong_;
};

}  // namespace

cli::Parsed<Expression> Expression::parse(std::string_view text) {
    auto root = Reader(text).read();
    if (!root) return cli::refuse(std::move(root).error());
    return Expression(std::move(*root));
}

bool Expression::matches(const ConsumedRecord& record) const { return root_->matches(record); }

}  // namespace kcore::consume
