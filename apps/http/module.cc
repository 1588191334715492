// The module: cpp-httplib behind HttpServer.

#include <httplib.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <utility>

#include "http/http_server.h"

namespace kcore::server {

namespace {

class Httplib : public HttpServer {
public:
    explicit Httplib(Answer answer) : answer_(std::move(answer)) {
        // One request at a time: health checks and scrapes, not traffic.
        server_.new_task_queue = [] { return new httplib::ThreadPool(1); };
        server_.Get(".*", [this](const httplib::Request& request, httplib::Response& response) {
            const auto page = answer_(request.path);
            response.status = page.status;
            response.set_content(page.body, page.type.c_str());
        });
    }

    bool bind(const char* host, int port) {
        port_ = port;
        if (port != 0) return server_.bind_to_port(host, port);
        port_ = server_.bind_to_any_port(host);
        return port_ > 0;
    }

    int port() const override { return port_; }
    void serve() override {
        if (!stopping_) server_.listen_after_bind();
        const std::lock_guard lock(mutex_);
        ended_ = true;
        over_.notify_all();
    }

    // The library forgets a stop that comes before it listens, so it is told again.
    void stop() override {
        stopping_ = true;
        std::unique_lock lock(mutex_);
        while (!ended_) {
            server_.stop();
            over_.wait_for(lock, std::chrono::milliseconds(10));
        }
    }

private:
    const Answer answer_;
    httplib::Server server_;
    int port_ = 0;
    std::atomic<bool> stopping_ = false;
    std::mutex mutex_;
    std::condition_variable over_;
    bool ended_ = false;
};

}  // namespace

extern "C" HttpServer* kcore_http_server(const char* host, int port, Answer* answer) {
    auto server = std::make_unique<Httplib>(std::move(*answer));
    return server->bind(host, port) ? server.release() : nullptr;
}

}  // namespace kcore::server
