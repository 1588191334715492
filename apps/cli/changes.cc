#include "cli/changes.h"

#include <fmt/format.h>

#include <algorithm>

namespace kcore::cli {

namespace {

const std::vector<Field<Change>> kFields{
    {{"name", "NAME"}, [](const Change& c) { return Json(c.name); }},
    {{"action", "ACTION"}, [](const Change& c) { return Json(c.error ? "failed" : c.action); }},
    {{"details", "DETAILS", Kind::map},
     [](const Change& c) { return c.details.is_null() ? Json::object() : c.details; }},
    {{"error", "ERROR", Kind::text, Show::wide},
     [](const Change& c) { return error_json(c.error); }}};

}  // namespace

std::string Change::line() const {
    auto out = fmt::format("{} {}", action, name);
    const auto* gap = "  ";
    for (const auto& [key, value] : details.items()) {
        auto shown = key;
        std::ranges::replace(shown, '_', '-');
        out += fmt::format("{}{}={}", gap, shown,
                           value.is_string() ? value.get<std::string>() : value.dump());
        gap = " ";
    }
    return out;
}

Sheet Changes::sheet() const {
    auto out = make_sheet(noun, kFields, rows);
    for (const auto& row : rows) {
        if (row.error) out.errors.emplace_back(row.name, *row.error, row.hint);
    }
    return out;
}

}  // namespace kcore::cli
