#include "cli/sheet.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>

#include "cli/color.h"
#include "cli/quantity.h"
#include "cli/text.h"
#include "cli/time_text.h"

namespace kcore::cli {

namespace {

constexpr std::array<std::string_view, 8> kForms{"table", "wide", "json", "jsonl",
                                                 "yaml",  "csv",  "name", "help"};

std::string dump(const Json& value) {
    return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string plain(const Json& value) {
    return value.is_string() ? value.get<std::string>() : dump(value);
}

std::string joined(const Json& list) {
    std::string out;
    for (const auto& item : list) out += (out.empty() ? "" : ",") + plain(item);
    return out;
}

// For people: human sizes and times, "-" for what is absent.
std::string for_people(const Column& column, const Json& value) {
    if (value.is_null()) return "-";
    if (column.cell != nullptr) return column.cell(value);
    const bool is_number = value.is_number_integer();
    switch (column.kind) {
        case Kind::bytes:
            return is_number ? human_size(value.get<std::int64_t>()) : plain(value);
        case Kind::duration_ms:
            return is_number ? human_duration(value.get<std::int64_t>()) : plain(value);
        case Kind::time_ms:
            return is_number && value.get<std::int64_t>() >= 0
                       ? local_time(value.get<std::int64_t>())
                       : "-";
        case Kind::truth:
            return value.get<bool>() ? "yes" : "no";
        case Kind::list:
            return value.empty() ? "-" : joined(value);
        case Kind::map: {
            std::string out;
            for (const auto& [name, item] : value.items()) {
                const auto& shown =
                    item.is_object() && item.contains("value") ? item["value"] : item;
                out += fmt::format("{}{}={}", out.empty() ? "" : ",", name, plain(shown));
            }
            return out.empty() ? "-" : out;
        }
        default:
            break;
    }
    if (value.is_object() && value.contains("name")) return plain(value["name"]);
    const auto text = plain(value);
    return text.empty() ? "-" : text;
}

// Control characters in a name must not move the terminal's cursor.
std::string harmless(const std::string& text) {
    std::string out;
    for (const char c : text) {
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
            fmt::format_to(std::back_inserter(out), "\\x{:02x}", static_cast<unsigned char>(c));
        } else {
            out += c;
        }
    }
    return out;
}

std::size_t width_of(const std::string& text) {
    return static_cast<std::size_t>(std::ranges::count_if(
        text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

struct Cell {
    std::string text;
    Paint paint = Paint::none;
};
struct Line {
    std::vector<Cell> cells;
};

void append_lines(std::string& to, const std::vector<Line>& lines, bool color) {
    std::vector<std::size_t> widths;
    for (const auto& line : lines) {
        widths.resize(std::max(widths.size(), line.cells.size()));
        for (std::size_t i = 0; i < line.cells.size(); ++i) {
            widths[i] = std::max(widths[i], width_of(line.cells[i].text));
        }
    }
    for (const auto& line : lines) {
        for (std::size_t i = 0; i < line.cells.size(); ++i) {
            const auto& [text, paint] = line.cells[i];
            to += color ? painted(text, paint) : text;
            if (i + 1 < line.cells.size()) to.append(widths[i] - width_of(text) + 2, ' ');
        }
        to += '\n';
    }
}

bool is_shown(const Column& column, Form form) {
    if (column.kind == Kind::rows || column.show == Show::never) return false;
    return column.show == Show::always || form == Form::wide;
}

Line header_of(const std::vector<Column>& columns, Form form) {
    Line line;
    for (const auto& column : columns) {
        if (is_shown(column, form)) line.cells.push_back({column.header, Paint::bold});
    }
    return line;
}

Cell cell_of(const Column& column, const Json& value) {
    Cell cell{harmless(for_people(column, value))};
    const bool is_error = value.is_object() && value.contains("code");
    if (is_error) cell.paint = Paint::red;
    if (column.kind == Kind::status) {
        cell.paint = value == "ok" || value == "healthy" ? Paint::green : Paint::red;
    }
    return cell;
}

// The rows inside the rows, one table for each such column.
void append_nested(std::string& to, const Sheet& sheet, std::size_t at,
                   const RenderOptions& options) {
    const auto& nested = sheet.columns[at].nested;
    std::vector<Line> lines;
    for (const auto& row : sheet.rows) {
        for (const auto& object : row[at]) {
            auto& line = lines.emplace_back();
            for (const auto& column : nested) {
                if (!is_shown(column, options.form)) continue;
                line.cells.push_back(cell_of(column, object[column.field]));
            }
        }
    }
    if (lines.empty()) return;
    if (options.header) lines.insert(lines.begin(), header_of(nested, options.form));
    if (!to.empty()) to += '\n';
    append_lines(to, lines, options.color);
}

std::string table(const Sheet& sheet, const RenderOptions& options) {
    std::string out;
    std::vector<Line> lines;
    if (options.header) lines.push_back(header_of(sheet.columns, options.form));
    for (const auto& row : sheet.rows) {
        auto& line = lines.emplace_back();
        for (std::size_t i = 0; i < row.size(); ++i) {
            if (!is_shown(sheet.columns[i], options.form)) continue;
            line.cells.push_back(cell_of(sheet.columns[i], row[i]));
        }
    }
    if (!lines.empty() && !lines.front().cells.empty()) append_lines(out, lines, options.color);
    for (std::size_t i = 0; i < sheet.columns.size(); ++i) {
        if (sheet.columns[i].kind == Kind::rows) append_nested(out, sheet, i, options);
    }
    return out;
}

Json row_json(const Sheet& sheet, const std::vector<Json>& row) {
    auto object = Json::object();
    for (std::size_t i = 0; i < row.size(); ++i) object[sheet.columns[i].field] = row[i];
    return object;
}

Json document(const Sheet& sheet) {
    Json out{{"_v", 1}};
    auto& rows = out[sheet.noun] = Json::array();
    for (const auto& row : sheet.rows) rows.push_back(row_json(sheet, row));
    auto& errors = out["errors"] = Json::array();
    for (const auto& failure : sheet.errors) {
        Json error{{"resource", failure.resource}};
        error.update(error_json(failure.error));
        errors.push_back(std::move(error));
    }
    return out;
}

std::string json_lines(const Sheet& sheet) {
    std::string out;
    for (const auto& row : sheet.rows) out += dump(row_json(sheet, row)) + "\n";
    return out;
}

// JSON strings are YAML strings, so only structure needs YAML's own form.
void append_yaml(std::string& to, const Json& value, std::size_t depth) {
    const std::string indent(depth * 2, ' ');
    if (value.is_object() && !value.empty()) {
        for (const auto& [name, item] : value.items()) {
            to += indent + dump(Json(name)) + ":";
            const bool block = (item.is_object() || item.is_array()) && !item.empty();
            to += block ? "\n" : " " + dump(item) + "\n";
            if (block) append_yaml(to, item, depth + 1);
        }
    } else if (value.is_array() && !value.empty()) {
        for (const auto& item : value) {
            std::string inside;
            append_yaml(inside, item, depth + 1);
            inside.replace(0, std::min(inside.size(), (depth + 1) * 2), indent + "- ");
            to += inside;
        }
    } else {
        to += indent + dump(value) + "\n";
    }
}

std::string csv_cell(const Json& value) {
    if (value.is_null()) return "";
    const auto text = plain(value);
    if (text.find_first_of(",\"\r\n") == text.npos) return text;
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"') out += '"';
        out += c;
    }
    return out + "\"";
}

std::string csv(const Sheet& sheet, bool header) {
    std::string out;
    const auto append = [&](std::size_t i, const std::string& cell) {
        out += (i == 0 ? "" : ",") + cell;
    };
    if (header) {
        for (std::size_t i = 0; i < sheet.columns.size(); ++i) append(i, sheet.columns[i].field);
        out += "\n";
    }
    for (const auto& row : sheet.rows) {
        for (std::size_t i = 0; i < row.size(); ++i) append(i, csv_cell(row[i]));
        out += "\n";
    }
    return out;
}

std::string_view type_name(Kind kind) {
    switch (kind) {
        case Kind::number:
            return "number";
        case Kind::bytes:
            return "number, bytes";
        case Kind::duration_ms:
            return "number, ms";
        case Kind::time_ms:
            return "number, ms since 1970";
        case Kind::truth:
            return "true or false";
        case Kind::list:
            return "list";
        case Kind::map:
            return "object";
        case Kind::rows:
            return "list of objects";
        case Kind::text:
        case Kind::status:
            break;
    }
    return "text";
}

void append_help(std::vector<Line>& lines, const std::vector<Column>& columns,
                 const std::string& prefix) {
    for (const auto& column : columns) {
        lines.push_back({{{prefix + column.field}, {std::string(type_name(column.kind))}}});
        if (column.kind == Kind::rows)
            append_help(lines, column.nested, prefix + column.field + "[].");
    }
}

}  // namespace

std::optional<Form> form_by_name(const std::string& name) {
    const auto found = std::ranges::find(kForms, name);
    if (found == kForms.end()) return std::nullopt;
    return static_cast<Form>(found - kForms.begin());
}

Json error_json(const std::optional<Error>& error) {
    if (!error) return {};
    return {{"code", static_cast<int>(error->code)},
            {"name", errc_name(error->code)},
            {"message", error->what}};
}

std::string render(const Sheet& sheet, const RenderOptions& options) {
    std::string out;
    switch (options.form) {
        case Form::table:
        case Form::wide:
            return table(sheet, options);
        case Form::json:
            return dump(document(sheet)) + "\n";
        case Form::jsonl:
            return json_lines(sheet);
        case Form::yaml:
            append_yaml(out, document(sheet), 0);
            return out;
        case Form::csv:
            return csv(sheet, options.header);
        case Form::name:
            for (const auto& row : sheet.rows) out += plain(row.front()) + "\n";
            return out;
        case Form::help: {
            std::vector<Line> lines;
            append_help(lines, sheet.columns, "");
            append_lines(out, lines, options.color);
            return out;
        }
    }
    return out;
}

}  // namespace kcore::cli
