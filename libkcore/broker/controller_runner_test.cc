#include "broker/controller_runner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "io/posix_disk.h"
#include "io/test_env.h"
#include "metadata/snapshot.h"

namespace kcore::broker {
namespace {

using testing::ElementsAre;

class RunnerTest : public testing::Test, public io::TestEnvOf<io::FaultyMemoryDisk, io::HeldPool> {
protected:
    RunnerTest() {
        options_.settings.node_id = 1;
        options_.settings.cluster_id = "c";
        options_.settings.max_idle_ms = 0;
        options_.raft.node_id = 1;
        options_.raft.voters = {{1, {}}};
        options_.registration.controller_id = 1;
        options_.registration.incarnation_id = Uuid{4, 4};
    }
    void TearDown() override { crash(); }

    void format() {
        raft::Format how;
        how.directory = "/data";
        how.meta.cluster_id = "c";
        how.meta.node_id = 1;
        how.meta.directory_id = kDirectory;
        how.has_metadata = true;
        for (const auto& record : metadata::bootstrap_records()) {
            how.bootstrap.push_back(metadata::encode_record(record));
        }
        auto written = raft::format(disk, how, clock.wall_ms());
        ASSERT_TRUE(written) << written.error().what;
        options_.raft.unsynced = std::move(*written);
    }
    Result<void> try_start(const std::string& path = "/data") {
        options_.settings.local_incarnation = Uuid{5, random.next()};  // A process of its own.
        auto directory =
            log::LogDir::open(disk, files_, random, Logger(), path, [](const Error&) {});
        if (!directory) return std::unexpected(directory.error());
        directory_ = std::move(*directory);
        auto runner = ControllerRunner::start(options_, *directory_, env, publisher_, Logger());
        options_.raft.unsynced = raft::PendingSync();
        if (!runner) return std::unexpected(runner.error());
        runner_ = std::move(*runner);
        return {};
    }
    void start() {
        const auto started = try_start();
        ASSERT_TRUE(started) << started.error().what;
    }
    // All that can happen without time passing.
    void settle() {
        do loop.settle();
        while (pool.run_one());
    }
    void stop() {
        bool ended = false;
        loop.spawn(end(ended));
        while (!ended) settle();
        runner_.reset();
        ASSERT_TRUE(directory_->close(-1, true));
        directory_.reset();
    }
    asio::awaitable<void> end(bool& ended) {
        const auto stopped = co_await runner_->stop();
        EXPECT_TRUE(stopped) << stopped.error().what;
        ended = true;
    }
    void crash() {
        runner_.reset();
        settle();
        directory_.reset();
    }

    template <class Request>
    asio::awaitable<void> ask_into(
        Request request, std::optional<Result<ControllerRunner::ResponseTo<Request>>>& out) {
        auto response = co_await runner_->handle(std::move(request));
        out.emplace(std::move(response));
    }
    template <class Request>
    auto ask(Request request) {
        std::optional<Result<ControllerRunner::ResponseTo<Request>>> out;
        loop.spawn(ask_into(std::move(request), out));
        for (int i = 0; i < 100 && !out; ++i) settle();
        if (!out) ADD_FAILURE() << "no answer";
        return std::move(**out);
    }

    void start_broker() {
        protocol::BrokerRegistrationRequest r;
        r.broker_id = 1;
        r.cluster_id = "c";
        r.incarnation_id = options_.settings.local_incarnation;
        r.rack.reset();
        r.log_dirs = {kDirectory};
        for (const auto& feature : metadata::supported_features()) {
            auto& f = r.features.emplace_back();
            f.name = feature.name;
            f.min_supported_version = feature.min;
            f.max_supported_version = feature.max;
        }
        const auto registered = ask(r);
        ASSERT_EQ(registered.error_code, 0);
        protocol::BrokerHeartbeatRequest beat;
        beat.broker_id = 1;
        beat.broker_epoch = registered.broker_epoch;
        beat.current_metadata_offset = publisher_.current()->offset;
        EXPECT_FALSE(ask(beat).is_fenced);
    }
    std::int16_t create(const std::string& name) {
        protocol::CreateTopicsRequest r;
        auto& topic = r.topics.emplace_back();
        topic.name = name;
        topic.num_partitions = 2;
        topic.replication_factor = 1;
        return ask(r).topics.at(0).error_code;
    }
    const metadata::Image& image() { return *publisher_.current(); }

    static constexpr Uuid kDirectory{7, 7000};
    log::FileCache files_{disk, 100};
    metadata::Publisher publisher_;
    ControllerOptions options_;
    std::unique_ptr<log::LogDir> directory_;
    std::unique_ptr<ControllerRunner> runner_;
};

TEST_F(RunnerTest, ANewClusterServesAfterItsFirstCommit) {
    format();
    start();
    EXPECT_EQ(image().offset, -1) << "nothing is committed yet";
    settle();
    EXPECT_EQ(image().metadata_version().level(), 33);
    EXPECT_TRUE(image().controllers->contains(1));
    EXPECT_EQ(image().offset, 10);
}

TEST_F(RunnerTest, TheAnswerComesWhenItsImageIsPublished) {
    format();
    start();
    start_broker();
    EXPECT_EQ(create("orders"), 0);
    ASSERT_NE(image().topic("orders"), nullptr);
    EXPECT_EQ(image().partition("orders", 1)->leader, 1);
    EXPECT_EQ(create("orders"), static_cast<std::int16_t>(Errc::topic_already_exists));
}

TEST_F(RunnerTest, AReadOfWhatIsNotCommittedWaitsForIt) {
    format();
    start();
    start_broker();
    protocol::CreateTopicsRequest r;
    r.topics.emplace_back().name = "orders";
    r.topics[0].num_partitions = 1;
    r.topics[0].replication_factor = 1;
    using Answer = std::optional<Result<protocol::CreateTopicsResponse>>;
    Answer first;
    Answer second;
    loop.spawn(ask_into(r, first));
    loop.spawn(ask_into(r, second));
    loop.settle();
    EXPECT_FALSE(first);
    EXPECT_FALSE(second) << "that the topic exists is not sure before it is committed";
    settle();
    ASSERT_TRUE(first && second);
    EXPECT_EQ((*first)->topics[0].error_code, 0);
    EXPECT_EQ((*second)->topics[0].error_code,
              static_cast<std::int16_t>(Errc::topic_already_exists));
}

TEST_F(RunnerTest, TheFirstRecordsAndTheBrokerAreSyncedTogether) {
    format();
    options_.expects_broker = true;
    start();
    settle();
    EXPECT_EQ(image().offset, -1) << "waiting for the broker";
    start_broker();
    EXPECT_EQ(runner_->node().log_end_offset(), 13);
    EXPECT_NE(image().broker(1), nullptr);
}

TEST_F(RunnerTest, WithoutTheBrokerTheFirstRecordsGoAheadSoon) {
    format();
    options_.expects_broker = true;
    start();
    loop.advance(io::Milliseconds(20));
    settle();
    EXPECT_EQ(image().offset, 10);
}

TEST_F(RunnerTest, ARestartFindsEverythingAgain) {
    format();
    start();
    start_broker();
    create("orders");
    const auto before = image().topic("orders")->id;
    stop();
    options_.registration.incarnation_id = Uuid{4, 5};
    start();
    settle();
    EXPECT_EQ(image().topic("orders")->id, before);
    EXPECT_EQ(runner_->epoch(), 2);
    EXPECT_EQ(image().controllers->at(1).incarnation, (Uuid{4, 5}));
}

TEST_F(RunnerTest, AnOpenTransactionOfABrokenStopIsAborted) {
    format();
    start();
    settle();
    std::vector<rsm::Record> half(2);
    half[0].value = metadata::encode_record({protocol::BeginTransactionRecord(), 0});
    protocol::TopicRecord topic;
    topic.name = "never";
    topic.topic_id = Uuid{9, 9};
    half[1].value = metadata::encode_record({topic, 0});
    auto& log = const_cast<raft::Node&>(runner_->node());
    ASSERT_TRUE(log.append(runner_->epoch(), half, 0));
    settle();
    stop();
    start();
    settle();
    start_broker();
    EXPECT_EQ(image().topic("never"), nullptr);
    EXPECT_EQ(create("orders"), 0);
    stop();
    start();
    settle();
    EXPECT_NE(image().topic("orders"), nullptr);
    EXPECT_EQ(image().topic("never"), nullptr);
}

TEST_F(RunnerTest, SnapshotsAreTakenAndReadBack) {
    options_.raft.snapshot_bytes = 2000;
    format();
    start();
    start_broker();
    for (int i = 0; i < 20; ++i) EXPECT_EQ(create("topic-" + std::to_string(i)), 0);
    settle();
    EXPECT_GE(runner_->node().snapshots().size(), 2U);
    const auto before = metadata::snapshot_records(image());
    stop();
    start();
    settle();
    EXPECT_EQ(image().topics_by_name.size(), 20U);
    std::vector<Bytes> was;
    std::vector<Bytes> is;
    for (const auto& record : before) was.push_back(metadata::encode_record(record));
    for (const auto& record : metadata::snapshot_records(image())) {
        is.push_back(metadata::encode_record(record));
    }
    EXPECT_EQ(is, was);
}

TEST_F(RunnerTest, AnIdleClusterKeepsItsLogMoving) {
    options_.settings.max_idle_ms = 500;
    format();
    start();
    settle();
    const auto before = image().offset;
    for (int i = 0; i < 4; ++i) {
        loop.advance(io::Milliseconds(500));
        settle();
    }
    EXPECT_EQ(image().offset, before + 4);
}

TEST_F(RunnerTest, WhatWasAnsweredSurvivesAPowerCutAtAnyMoment) {
    format();
    start();
    start_broker();
    std::vector<std::pair<std::size_t, int>> answered;  // Effects on the disk, topics by then.
    int next = 0;
    const auto create_two = [&] {
        for (int i = 0; i < 2; ++i) {
            ASSERT_EQ(create("t" + std::to_string(next++)), 0);
            answered.emplace_back(disk.effects(), next);
        }
    };
    create_two();
    stop();
    start();
    start_broker();
    create_two();
    crash();
    start();
    start_broker();
    create_two();
    for (auto at = answered.front().first; at <= disk.effects(); ++at) {
        int topics = 0;
        for (const auto& [effects, count] : answered) topics = effects <= at ? count : topics;
        const auto after = disk.crashed(at, random);
        log::FileCache files(*after, 100);
        io::Env restarted{clock, *after, *net, random, loop, pool};
        metadata::Publisher publisher;
        auto directory =
            log::LogDir::open(*after, files, random, Logger(), "/data", [](const Error&) {});
        ASSERT_TRUE(directory) << at << ": " << directory.error().what;
        auto options = options_;
        options.raft.unsynced = raft::PendingSync();
        auto runner = ControllerRunner::start(options, **directory, restarted, publisher, Logger());
        ASSERT_TRUE(runner) << at << ": " << runner.error().what;
        settle();
        for (int i = 0; i < topics; ++i) {
            EXPECT_NE(publisher.current()->topic("t" + std::to_string(i)), nullptr) << at;
        }
        runner->reset();
        settle();
    }
}

TEST_F(RunnerTest, AFailedSyncIsToldAndNothingIsAnsweredAnyMore) {
    format();
    start();
    start_broker();
    std::string lost;
    runner_->on_lost([&](const Error& why) { lost = why.what; });
    disk.fail_call(1, io::Fault::io_error, true);
    std::optional<Result<protocol::CreateTopicsResponse>> answer;
    protocol::CreateTopicsRequest r;
    r.topics.emplace_back().name = "orders";
    r.topics[0].num_partitions = 1;
    r.topics[0].replication_factor = 1;
    loop.spawn(ask_into(r, answer));
    settle();
    ASSERT_TRUE(answer);
    EXPECT_FALSE(*answer);
    EXPECT_EQ(image().topic("orders"), nullptr);
}

}  // namespace
}  // namespace kcore::broker
