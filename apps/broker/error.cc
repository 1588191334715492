// kbroker error: what the numbers and names of the protocol's error codes mean.

#include <algorithm>
#include <array>
#include <cctype>

#include "base/errc.h"
#include "broker/broker.h"
#include "cli/near.h"
#include "cli/sheet.h"

namespace kcore::server {

namespace {

using cli::Json;
using cli::Kind;

constexpr std::array<std::string_view, 4> kRetries{"no", "yes", "after metadata",
                                                   "after coordinator"};

const std::vector<cli::Field<ErrorInfo>> kErrorFields{
    {{"code", "CODE", Kind::number},
     [](const ErrorInfo& e) { return Json(static_cast<int>(e.code)); }},
    {{"name", "NAME"}, [](const ErrorInfo& e) { return Json(e.name); }},
    {{"retry", "RETRY"},
     [](const ErrorInfo& e) { return Json(kRetries[static_cast<std::size_t>(e.retry)]); }},
    {{"message", "MESSAGE"}, [](const ErrorInfo& e) { return Json(e.message); }}};

std::vector<ErrorInfo> all_errors() {
    std::vector<ErrorInfo> out{error_info(Errc::unknown_server_error)};
    for (std::int16_t code = 0; code < INT16_MAX; ++code) {
        const auto& info = error_info(static_cast<Errc>(code));
        if (info.code == static_cast<Errc>(code)) out.push_back(info);
    }
    return out;
}

const ErrorInfo* find(const std::vector<ErrorInfo>& errors, const std::string& word) {
    const auto named = errc_by_name(word);
    std::int64_t number = 0;
    const bool is_number = cli::parse_integer(word, number);
    const auto found = std::ranges::find_if(errors, [&](const ErrorInfo& e) {
        return named == e.code || (is_number && static_cast<std::int64_t>(e.code) == number);
    });
    return found == errors.end() ? nullptr : &*found;
}

}  // namespace

cli::Sheet error_fields() { return cli::make_sheet<ErrorInfo>("codes", kErrorFields, {}); }

int explain_error(const Options& options) {
    cli::Console console(options.common);
    const auto errors = all_errors();
    if (options.words.empty()) {
        console.show(cli::make_sheet("codes", kErrorFields, errors));
        return cli::kDone;
    }
    std::vector<std::string> names;
    for (const auto& error : errors) names.emplace_back(error.name);
    std::vector<ErrorInfo> rows;
    int code = cli::kDone;
    for (const auto& word : options.words) {
        if (const auto* error = find(errors, word)) {
            rows.push_back(*error);
            continue;
        }
        auto upper = word;
        std::ranges::transform(upper, upper.begin(),
                               [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
        const auto near = cli::nearest(upper, names);
        code = console.usage("there is no error code " + word +
                             (near ? ". did you mean " + *near + "?" : ""));
    }
    console.show(cli::make_sheet("codes", kErrorFields, rows));
    return code;
}

}  // namespace kcore::server
