#include <dlfcn.h>
#include <fmt/format.h>

#include "cli/quantity.h"
#include "http/http_server.h"

namespace kcore::server {

cli::Parsed<std::unique_ptr<HttpServer>> open_http_server(const std::string& listener,
                                                          Answer answer) {
    const auto colon = listener.rfind(':');
    std::int64_t port = -1;
    if (colon == listener.npos || !cli::parse_integer(listener.substr(colon + 1), port) ||
        port < 0 || port > 65535) {
        return cli::refuse(fmt::format("admin.listener={}: it is host:port", listener));
    }
    const auto host = colon == 0 ? std::string("127.0.0.1") : listener.substr(0, colon);
    void* module = ::dlopen(kHttpModule, RTLD_NOW | RTLD_LOCAL);
    auto* entry = module == nullptr ? nullptr : ::dlsym(module, kHttpEntry);
    if (entry == nullptr) {
        return cli::refuse(fmt::format("admin.listener={}: {}", listener, ::dlerror()));
    }
    std::unique_ptr<HttpServer> server(
        reinterpret_cast<HttpEntry>(entry)(host.c_str(), static_cast<int>(port), &answer));
    if (!server) return cli::refuse(fmt::format("admin.listener={}: cannot be bound", listener));
    return server;
}

}  // namespace kcore::server
