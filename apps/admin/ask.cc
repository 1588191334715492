#include <fmt/format.h>

#include <algorithm>

#include "admin/admin.h"
#include "cli/input_file.h"

namespace kcore::admin {

Result<std::vector<std::int32_t>> broker_ids(Session& session) {
    auto view = session.admin().metadata(std::vector<std::string>());
    if (!view) return std::unexpected(std::move(view).error());
    std::vector<std::int32_t> out;
    for (const auto& [id, broker] : (*view)->brokers) out.push_back(id);
    return out;
}

int raw(Session& session, const Options& options) {
    auto& console = session.console();
    auto file = cli::InputFile::open(options.file.empty() ? "-" : options.file);
    if (!file) return console.usage(file.error());
    auto request = file->read_all();
    if (!request) return console.usage(request.error());
    const bool is_blank = request->find_first_not_of(" \t\r\n") == request->npos;
    auto answer = session.admin().ask(options.api, is_blank ? "{}" : *request,
                                      static_cast<std::int32_t>(options.broker),
                                      static_cast<std::int16_t>(options.version));
    if (!answer) return console.fail({options.api, answer.error()});
    console.print(cli::Json::parse(*answer).dump(2) + "\n");
    return cli::kDone;
}

int unregister(Session& session, const Options& options) {
    auto& console = session.console();
    const auto& id = options.words.front();
    std::int64_t number = 0;
    if (!cli::parse_integer(id, number) || number < 0 || number > INT32_MAX) {
        return console.usage(fmt::format("'{}' is not the id of a broker", id));
    }
    const cli::Changes plan{"brokers", {{id, "would unregister"}}};
    if (!console.agree(plan, fmt::format("let the cluster forget broker {}?", id))) {
        return cli::kPending;
    }
    auto answer = ask(session, "UnregisterBroker", {{"brokerId", number}});
    if (!answer) return console.fail({id, answer.error()});
    return session.show({"brokers", {{id, "unregistered"}}});
}

}  // namespace kcore::admin
