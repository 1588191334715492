#pragma once
// The HTTP side of the admin endpoint. Its library stands in a module of its own, loaded when the
// listener is set: a broker without it starts without TLS and compression libraries.

#include <functional>
#include <memory>
#include <string>

#include "broker/admin_pages.h"
#include "cli/parsed.h"

namespace kcore::server {

using Answer = std::function<broker::Page(const std::string& path)>;

class HttpServer {
public:
    virtual ~HttpServer() = default;
    virtual int port() const = 0;  // The one bound.
    virtual void serve() = 0;      // Blocks until stop(), from any thread.
    virtual void stop() = 0;
};

// Listens on "host:port"; port 0: the system chooses. `answer` is called on the thread of serve().
cli::Parsed<std::unique_ptr<HttpServer>> open_http_server(const std::string& listener,
                                                          Answer answer);

// What the module gives; null when the address cannot be bound.
inline constexpr const char* kHttpModule = "libkcore_http.so";
inline constexpr const char* kHttpEntry = "kcore_http_server";
using HttpEntry = HttpServer* (*)(const char* host, int port, Answer* answer);

}  // namespace kcore::server
