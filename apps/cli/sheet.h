#pragma once
// Results as rows: each command describes its row type once, by a list of fields, and one renderer
// prints it as a table, JSON, YAML or CSV. So no form can lack a column.

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/failure.h"

namespace kcore::cli {

using Json = nlohmann::ordered_json;

inline Json text_or_null(const std::string& text) { return text.empty() ? Json() : Json(text); }

enum class Kind : std::uint8_t {
    text,
    status,  // Text: "ok" and "healthy" are good, all else is not.
    number,
    bytes,
    duration_ms,
    time_ms,
    truth,
    list,
    map,
    rows
};
enum class Show : std::uint8_t {
    always,
    wide,   // In tables only with -o wide.
    never,  // Not in tables.
};

struct Sheet;

// How a table shows a cell, where the kind's usual form is not wanted.
using ShowCell = std::string (*)(const Json&);

struct Column {
    std::string field;   // JSON name, snake_case.
    std::string header;  // Of tables.
    Kind kind = Kind::text;
    Show show = Show::always;
    std::vector<Column> nested = {};  // Of Kind::rows.
    ShowCell cell = nullptr;
};

template <class Row>
struct Field {
    Column column;
    Json (*get)(const Row&);
};

struct Sheet {
    std::string noun;  // "topics": the plural that JSON names the rows by.
    std::vector<Column> columns;
    std::vector<std::vector<Json>> rows;  // One cell a column.
    std::vector<Failure> errors = {};
};

template <class Row>
std::vector<Column> columns_of(const std::vector<Field<Row>>& fields) {
    std::vector<Column> out;
    for (const auto& field : fields) out.push_back(field.column);
    return out;
}

template <class Row>
Sheet make_sheet(std::string noun, const std::vector<Field<Row>>& fields,
                 const std::vector<Row>& rows) {
    Sheet sheet{std::move(noun), columns_of(fields), {}};
    for (const auto& row : rows) {
        auto& cells = sheet.rows.emplace_back();
        for (const auto& field : fields) cells.push_back(field.get(row));
    }
    return sheet;
}

// Rows inside a cell: a list of objects.
template <class Row>
Json nested_rows(const std::vector<Field<Row>>& fields, const std::vector<Row>& rows) {
    auto list = Json::array();
    for (const auto& row : rows) {
        auto& object = list.emplace_back(Json::object());
        for (const auto& field : fields) object[field.column.field] = field.get(row);
    }
    return list;
}

template <class T>
Json optional_json(const std::optional<T>& value) {
    return value ? Json(*value) : Json();
}
Json error_json(const std::optional<Error>& error);  // {"code":3,"name":...,"message":...}

enum class Form : std::uint8_t { table, wide, json, jsonl, yaml, csv, name, help };
std::optional<Form> form_by_name(const std::string& name);

struct RenderOptions {
    Form form = Form::table;
    bool header = true;
    bool color = false;  // Of tables.
};

std::string render(const Sheet& sheet, const RenderOptions& options);

}  // namespace kcore::cli
