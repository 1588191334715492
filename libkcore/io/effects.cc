#include "io/effects.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace kcore::io {

namespace {

constexpr std::uint64_t kSectorBytes = 512;

std::vector<std::string> names_on(const std::string& path) {
    std::vector<std::string> parts;
    for (std::size_t from = 0; from < path.size();) {
        const auto end = std::min(path.find('/', from), path.size());
        if (end > from) parts.push_back(path.substr(from, end - from));
        from = end + 1;
    }
    return parts;
}

void put(Bytes& content, std::uint64_t position, BytesView bytes) {
    content.resize(std::max<std::size_t>(content.size(), position + bytes.size()));
    std::ranges::copy(bytes, content.begin() + static_cast<std::ptrdiff_t>(position));
}

// How much of what was not synced gets through: nothing, all, or a part.
std::uint64_t luck(Random& random) {
    const auto kind = random.below(4);
    return kind == 0 ? 0 : kind == 1 ? 100 : random.below(101);
}

}  // namespace

Effects::Place Effects::place_of(const std::string& path) const {
    const auto parts = names_on(path);
    assert(!parts.empty());
    Node directory = 0;
    for (std::size_t i = 0; i + 1 < parts.size(); ++i) {
        directory = names_.at(directory).at(parts[i]);
    }
    return {directory, parts.back()};
}

Effects::Node Effects::make(Node directory, const std::string& name, bool is_directory) {
    const auto node = is_directory_.size();
    is_directory_.push_back(is_directory);
    if (is_directory) names_[node];
    names_[directory][name] = node;
    Effect effect;
    effect.kind = Kind::link;
    effect.node = directory;
    effect.child = node;
    effect.name = name;
    effects_.push_back(std::move(effect));
    return node;
}

Effects::Node Effects::file(const std::string& path) {
    const auto [directory, name] = place_of(path);
    const auto found = names_[directory].find(name);
    return found != names_[directory].end() ? found->second : make(directory, name, false);
}

void Effects::make_directory(const std::string& path) {
    Node directory = 0;
    for (const auto& part : names_on(path)) {
        const auto found = names_[directory].find(part);
        directory = found != names_[directory].end() ? found->second : make(directory, part, true);
    }
}

void Effects::rename(const std::string& from, const std::string& to) {
    const auto source = place_of(from);
    const auto target = place_of(to);
    Effect effect;
    effect.kind = Kind::rename;
    effect.node = source.directory;
    effect.name = source.name;
    effect.to_directory = target.directory;
    effect.to_name = target.name;
    apply(names_, effect);
    effects_.push_back(std::move(effect));
}

void Effects::remove(const std::string& path) {
    const auto [directory, name] = place_of(path);
    if (names_[directory].erase(name) == 0) return;
    Effect effect;
    effect.kind = Kind::unlink;
    effect.node = directory;
    effect.name = name;
    effects_.push_back(std::move(effect));
}

void Effects::sync_directory(const std::string& path) {
    Node directory = 0;
    for (const auto& part : names_on(path)) directory = names_.at(directory).at(part);
    Effect effect;
    effect.kind = Kind::sync_names;
    effect.node = directory;
    effects_.push_back(std::move(effect));
}

void Effects::write(Node node, std::uint64_t position, BytesView bytes) {
    Effect effect;
    effect.node = node;
    effect.position = position;
    effect.bytes = to_bytes(bytes);
    effects_.push_back(std::move(effect));
}

void Effects::truncate(Node node, std::uint64_t size) {
    Effect effect;
    effect.kind = Kind::truncate;
    effect.node = node;
    effect.position = size;
    effects_.push_back(std::move(effect));
}

void Effects::sync(Node node) {
    Effect effect;
    effect.kind = Kind::sync;
    effect.node = node;
    effects_.push_back(std::move(effect));
}

void Effects::lose_unsynced(Node node) {
    for (auto at = effects_.rbegin(); at != effects_.rend(); ++at) {
        if (at->kind == Kind::sync && at->node == node) return;
        if (at->kind == Kind::write && at->node == node) at->is_lost = true;
    }
}

void Effects::apply(std::map<Node, Names>& names, const Effect& effect) {
    auto& here = names[effect.node];
    switch (effect.kind) {
        case Kind::link:
            here[effect.name] = effect.child;
            break;
        case Kind::unlink:
            here.erase(effect.name);
            break;
        case Kind::rename: {
            const auto source = here.find(effect.name);
            if (source == here.end()) break;
            const auto child = source->second;
            here.erase(source);
            names[effect.to_directory][effect.to_name] = child;
            break;
        }
        default:
            break;
    }
}

std::map<Effects::Node, Effects::Names> Effects::names_after(std::size_t count,
                                                             Random& random) const {
    // Journals keep changes in order, so a prefix survives; a disk without one owes nothing.
    const bool in_order = random.below(2) == 0;
    const auto chance = luck(random);
    std::map<Node, std::size_t> synced;
    for (std::size_t i = 0; i < count; ++i) {
        if (effects_[i].kind == Kind::sync_names) synced[effects_[i].node] = i;
    }
    std::map<Node, Names> names{{0, {}}};
    bool has_lost = false;
    for (std::size_t i = 0; i < count; ++i) {
        const auto& effect = effects_[i];
        const bool changes_names =
            effect.kind == Kind::link || effect.kind == Kind::unlink || effect.kind == Kind::rename;
        if (!changes_names) continue;
        const auto sync = synced.find(effect.node);
        const bool is_durable = sync != synced.end() && sync->second > i;
        const bool survives = is_durable || (random.below(100) < chance && !(in_order && has_lost));
        has_lost |= !survives;
        if (survives) apply(names, effect);
    }
    return names;
}

// Brings `content` to what it is after one more write or truncation.
void Effects::apply(Bytes& content, const Effect& effect) {
    if (effect.kind == Kind::truncate) {
        content.resize(effect.position);
    } else if (!effect.is_lost) {
        put(content, effect.position, effect.bytes);
    }
}

Bytes Effects::content_after(Node node, std::size_t count, Random& random) const {
    std::vector<const Effect*> later;
    Bytes durable;
    const auto settle = [&] {
        for (const auto* effect : later) apply(durable, *effect);
        later.clear();
    };
    for (std::size_t i = 0; i < count; ++i) {
        const auto& effect = effects_[i];
        if (effect.node != node) continue;
        if (effect.kind == Kind::sync) settle();
        if (effect.kind == Kind::write || effect.kind == Kind::truncate) later.push_back(&effect);
    }
    if (later.empty()) return durable;

    // Every state the file was in since. Blocks are freed and taken with the size, in one change of
    // names and sizes: sectors come from states between the same two truncations as the size.
    struct State {
        Bytes content;
        std::size_t truncations = 0;
    };
    const auto chance = luck(random);
    std::vector<State> states{{durable, 0}};
    for (const auto* effect : later) {
        auto state = states.back();
        apply(state.content, *effect);
        if (effect->kind == Kind::truncate) ++state.truncations;
        states.push_back(std::move(state));
    }
    const auto pick = [&](std::size_t first, std::size_t last) -> const State& {
        if (random.below(100) < chance) return states[last];
        return states[chance == 0 ? first : first + random.below(last - first + 1)];
    };
    const auto& sized = pick(0, states.size() - 1);
    std::size_t size = sized.content.size();
    // The last write torn at any byte.
    if (size > durable.size() && sized.truncations == 0 && random.below(3) == 0) {
        size = durable.size() + random.below(size - durable.size() + 1);
    }
    std::size_t first = 0;
    while (states[first].truncations < sized.truncations) ++first;
    auto last = first;
    while (last + 1 < states.size() && states[last + 1].truncations == sized.truncations) ++last;
    Bytes content(size);
    for (std::size_t at = 0; at < size; at += kSectorBytes) {
        const auto& from = pick(first, last).content;
        const auto end = std::min<std::size_t>({at + kSectorBytes, size, from.size()});
        for (auto i = at; i < end; ++i) content[i] = from[i];
    }
    return content;
}

void Effects::build(MemoryDisk& disk, const std::map<Node, Names>& names, Node directory,
                    const std::string& path, std::size_t count, Random& random) const {
    const auto found = names.find(directory);
    if (found == names.end()) return;
    for (const auto& [name, node] : found->second) {
        const auto where = path + "/" + name;
        if (is_directory_[node]) {
            (void)disk.make_directory(where);
            build(disk, names, node, where, count, random);
            continue;
        }
        const auto content = content_after(node, count, random);
        const auto file = disk.open(where, Open::create);
        assert(file);
        (void)(*file)->write(0, BytesView(content));
    }
}

std::unique_ptr<MemoryDisk> Effects::crashed(std::size_t count, Random& random) const {
    auto disk = std::make_unique<MemoryDisk>();
    build(*disk, names_after(count, random), 0, "", count, random);
    return disk;
}

}  // namespace kcore::io
