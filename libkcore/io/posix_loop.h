#pragma once
// The real loop: an asio::io_context run by one thread.

#include <memory>

#include "io/loop.h"

namespace asio {
class io_context;
}

namespace kcore::io {

class PosixLoop : public Loop {
public:
    explicit PosixLoop(Clock& clock);
    ~PosixLoop() override;

    asio::any_io_executor executor() override;
    Clock& clock() override { return clock_; }
    void post(Call call) override;
    asio::io_context& context();

    void run();   // Until stop().
    void stop();  // From any thread.

protected:
    void timers_changed() override;

private:
    struct Asio;
    void arm();

    Clock& clock_;
    std::unique_ptr<Asio> asio_;
};

}  // namespace kcore::io
