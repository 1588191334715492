#pragma once
// How this node's partitions follow the images: logs are made, loaded and removed on the pool, one
// image after the other. The first image says which of the logs found are ours; those with much to
// recover are not waited for. Lives on the control loop.

#include <asio/awaitable.hpp>
#include <atomic>
#include <functional>

#include "io/env.h"
#include "io/wait.h"
#include "metadata/publisher.h"
#include "replication/directory_moves.h"
#include "replication/partitions.h"

namespace kcore::broker {

class ImageFollower {
public:
    // What is referred to outlives it. `on_ready` hears, on the loop, of each partition that came
    // later than the image that has it.
    ImageFollower(io::Env& env, replication::Partitions& partitions,
                  replication::DirectoryMoves& moves, replication::Partitions::OnReady on_ready)
        : env_(env),
          partitions_(partitions),
          moves_(moves),
          on_ready_(std::move(on_ready)),
          news_(env.loop) {}

    // As a metadata::Publisher prepares an image.
    void prepare(const metadata::ImagePtr& before, const metadata::ImagePtr& after,
                 const metadata::Changes& changes, metadata::Publisher::Ready ready);
    // On the pool: makes the logs that could not be made so far; after the first image.
    void make_missing() { partitions_.make_missing(latest(), on_ready()); }
    bool is_preparing() const { return is_preparing_; }
    // Loads and recovers no other log; returns when nothing is under way.
    asio::awaitable<void> stop();

private:
    void recover();
    replication::Partitions::Latest latest() const {
        return [this]() -> metadata::ImagePtr { return latest_; };
    }
    replication::Partitions::OnReady on_ready() const;

    io::Env& env_;
    replication::Partitions& partitions_;
    replication::DirectoryMoves& moves_;
    const replication::Partitions::OnReady on_ready_;
    io::Signal news_;
    bool has_image_ = false;
    bool is_whole_ = true;  // On the pool: no load was stopped.
    bool is_preparing_ = false;
    bool is_recovering_ = false;
    std::atomic<metadata::ImagePtr> latest_;  // That the partitions were told of.
};

}  // namespace kcore::broker
