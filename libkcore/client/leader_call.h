#pragma once
// One request to the leader of each of some partitions, again while leaders move. Not part of the
// public interface.

#include <functional>
#include <map>
#include <utility>

#include "client/admin_calls.h"

namespace kcore::client {

// By partition; an Answer has `std::optional<Error> error`.
template <class Answer>
using Found = std::map<TopicPartition, Answer>;

template <class Request, class Response, class Answer>
struct LeaderCall {
    LeaderCall() = default;
    std::vector<TopicPartition> partitions;
    std::function<Request(const std::vector<TopicPartition>&)> make;  // Of one leader.
    // Tells what a leader says of each partition, whose error is left to `ask_leaders`.
    std::function<void(const Response&,
                       const std::function<void(TopicPartition, std::int16_t, Answer)>&)>
        read;
};

// What is still open of a call, by leader; partitions without one get their error.
struct LeaderRound {
    std::map<std::int32_t, std::vector<TopicPartition>> groups;
    std::map<TopicPartition, Error> lost;
    std::vector<TopicPartition> hopeless;  // Of those: asking again would not help.
};
LeaderRound round_of(const ClusterView& view, const std::vector<TopicPartition>& open);

// What a leaderless partition may hold everything else up for.
io::Deadline patience(Cluster& cluster);

std::vector<std::string> topics_of(const std::vector<TopicPartition>& partitions);

// Every partition has an answer or an error in the end.
template <class Request, class Response, class Answer>
io::Async<Found<Answer>> ask_leaders(Cluster& cluster, LeaderCall<Request, Response, Answer> call) {
    const auto deadline = admin_limit(cluster);
    const auto patient_until = patience(cluster);
    Found<Answer> found;
    auto open = call.partitions;
    for (int attempt = 1; !open.empty(); ++attempt) {
        auto topics = topics_of(open);
        auto view = co_await cluster.known(std::move(topics), deadline);
        if (!view) co_return std::unexpected(std::move(view).error());
        const auto round = round_of(**view, open);
        for (const auto& [partition, error] : round.lost) found[partition].error = error;
        for (const auto& one : round.hopeless) std::erase(open, one);
        for (const auto& [leader, partitions] : round.groups) {
            auto request = call.make(partitions);
            auto response =
                co_await cluster.call<Response>(leader, Lane::calls, std::move(request), deadline);
            if (!response) {
                for (const auto& one : partitions) found[one].error = response.error();
                continue;
            }
            call.read(*response, [&](TopicPartition partition, std::int16_t code, Answer answer) {
                const auto at = std::ranges::find(open, partition);
                if (at == open.end()) return;
                if (!answer.error) answer.error = outcome(code, {}, partition.to_string());
                found[partition] = std::move(answer);
                if (!is_retriable(errc_from_wire(code))) open.erase(at);
            });
        }
        if (open.empty()) break;
        cluster.forget_leaders();
        const bool again = co_await cluster.pause(attempt, patient_until);
        if (!again) break;
    }
    co_return found;
}

// Requests and answers name partitions below their topic: finds or adds the topic's entry.
template <class Topics>
auto& entry_of(Topics& topics, const std::string& name) {
    if (topics.empty() || topics.back().name != name) topics.emplace_back().name = name;
    return topics.back();
}

}  // namespace kcore::client
