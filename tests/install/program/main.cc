// program BOOTSTRAP TOPIC: what somebody else writes with the installed library. Makes a topic,
// writes three records and reads them back.

#include <cstdio>
#include <string>
#include <vector>

#include "client/admin.h"
#include "client/client.h"
#include "client/consumer.h"
#include "client/producer.h"

namespace {

using namespace kcore;
using namespace kcore::client;

const std::vector<std::string> kValues = {"one", "two", "three"};

bool create(Client& client, const std::string& topic) {
    NewTopic wanted;
    wanted.name = topic;
    wanted.partitions = 1;
    const auto made = Admin(client).create_topics({wanted}, false);
    return made && !made->at(0).error;
}

bool produce(Client& client, const std::string& topic) {
    std::size_t acked = 0;
    Producer producer(client, [&acked](const Delivery& delivery) {
        if (delivery.error == nullptr) acked += delivery.tags.size();
    });
    for (const auto& value : kValues) {
        Record record;
        record.value = as_bytes(value);
        if (!producer.send(topic, 0, record)) return false;
    }
    return producer.flush(30'000) && acked == kValues.size();
}

std::vector<std::string> consume(Client& client, const std::string& topic) {
    std::vector<std::string> found;
    Consumer consumer(client);
    Assignment all;
    all.partition = {topic, 0};
    all.end = static_cast<std::int64_t>(kValues.size());
    consumer.assign({all});
    while (!consumer.is_finished()) {
        const auto seen = consumer.poll(30'000, [&found](const ConsumedRecord& record) {
            found.emplace_back(as_text(*record.value));
            return true;
        });
        if (!seen || *seen == 0) break;
    }
    return found;
}

}  // namespace

int main(int count, char** arguments) {
    if (count != 3) return 2;
    Config config;
    config.bootstrap = {arguments[1]};
    Client client(std::move(config));
    const std::string topic = arguments[2];
    const bool is_right =
        create(client, topic) && produce(client, topic) && consume(client, topic) == kValues;
    std::printf("%s: %s\n", topic.c_str(), is_right ? "three records came back" : "FAILED");
    return is_right ? 0 : 1;
}
