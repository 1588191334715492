#include "client/runtime.h"

#include "io/posix_disk.h"

namespace kcore::client {

Runtime::Runtime()
    : loop_(clock_),
      disk_(io::make_posix_disk()),
      net_(io::make_posix_net(loop_)),
      pool_(io::make_posix_pool(1)),
      env_{clock_, *disk_, *net_, random_, loop_, *pool_} {
    pool_->submit([this] {
        loop_.run();
        ended_.set_value();
    });
}

Runtime::~Runtime() {
    loop_.stop();
    ended_.get_future().wait();
}

}  // namespace kcore::client
