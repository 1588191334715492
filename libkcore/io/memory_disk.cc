#include "io/memory_disk.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <shared_mutex>
#include <string_view>
#include <utility>

#include "io/disk_error.h"

namespace kcore::io {

namespace {

constexpr std::size_t kChunkBytes = 64 * 1024;

// Of a path, without empty parts and ".".
std::vector<std::string> parts_of(std::string_view path) {
    std::vector<std::string> parts;
    while (!path.empty()) {
        const auto end = std::min(path.find('/'), path.size());
        const auto part = path.substr(0, end);
        if (!part.empty() && part != ".") parts.emplace_back(part);
        path.remove_prefix(std::min(end + 1, path.size()));
    }
    return parts;
}

}  // namespace

struct MemoryDisk::Usage {
    std::atomic<std::uint64_t> capacity_bytes;
    std::atomic<std::uint64_t> used_bytes = 0;

    explicit Usage(std::uint64_t capacity) : capacity_bytes(capacity) {}

    bool take(std::size_t bytes) {
        if (used_bytes.fetch_add(bytes) + bytes <= capacity_bytes) return true;
        used_bytes.fetch_sub(bytes);
        return false;
    }
};

// Chunks, so that a growing file is never copied as a whole; one that was never written takes no
// memory, and the last one only what is in it.
class MemoryDisk::Content {
public:
    explicit Content(std::shared_ptr<Usage> usage) : usage_(std::move(usage)) {}
    ~Content() { shrink(0); }

    std::uint64_t size() const {
        const std::shared_lock lock(mutex_);
        return size_;
    }

    bool write(std::uint64_t position, BytesView bytes) {
        const std::unique_lock lock(mutex_);
        while (!bytes.empty()) {
            const auto within = position % kChunkBytes;
            const auto part = bytes.first(std::min(bytes.size(), kChunkBytes - within));
            auto* to = room_for(position / kChunkBytes, within + part.size());
            if (to == nullptr) return false;
            std::memcpy(to + within, part.data(), part.size());
            position += part.size();
            size_ = std::max(size_, position);
            bytes = bytes.subspan(part.size());
        }
        return true;
    }

    std::size_t read(std::uint64_t position, std::span<std::byte> out) const {
        const std::shared_lock lock(mutex_);
        if (position >= size_) return 0;
        const auto total = std::min<std::uint64_t>(out.size(), size_ - position);
        for (std::uint64_t done = 0; done < total;) {
            const auto within = (position + done) % kChunkBytes;
            const auto index = (position + done) / kChunkBytes;
            const auto size = std::min<std::uint64_t>(total - done, kChunkBytes - within);
            std::memset(out.data() + done, 0, size);
            if (index < chunks_.size() && chunks_[index].size() > within) {
                const auto there = std::min(size, chunks_[index].size() - within);
                std::memcpy(out.data() + done, chunks_[index].data() + within, there);
            }
            done += size;
        }
        return total;
    }

    void truncate(std::uint64_t size) {
        const std::unique_lock lock(mutex_);
        if (size < size_) shrink(size);
        size_ = size;
    }

private:
    std::byte* room_for(std::uint64_t index, std::size_t size) {
        if (chunks_.size() <= index) chunks_.resize(index + 1);
        auto& chunk = chunks_[index];
        if (chunk.size() < size) {
            if (!usage_->take(size - chunk.size())) return nullptr;
            chunk.resize(size);
        }
        return chunk.data();
    }

    void shrink(std::uint64_t size) {
        for (std::uint64_t i = size / kChunkBytes; i < chunks_.size(); ++i) {
            const auto keep = i == size / kChunkBytes ? size % kChunkBytes : 0;
            if (chunks_[i].size() <= keep) continue;
            usage_->used_bytes -= chunks_[i].size() - keep;
            chunks_[i].resize(keep);
            chunks_[i].shrink_to_fit();
        }
        chunks_.resize(std::min<std::uint64_t>(chunks_.size(), size / kChunkBytes + 1));
    }

    mutable std::shared_mutex mutex_;
    const std::shared_ptr<Usage> usage_;
    std::vector<Bytes> chunks_;
    std::uint64_t size_ = 0;
};

class MemoryDisk::OpenFile : public File {
public:
    OpenFile(std::shared_ptr<Content> content, std::string path, bool is_writable)
        : content_(std::move(content)), path_(std::move(path)), is_writable_(is_writable) {}

    using File::write;
    Result<void> write(std::uint64_t position, std::span<const BytesView> pieces) override {
        if (!is_writable_) return refuse_call(path_, "write", EBADF);
        for (const auto piece : pieces) {
            if (!content_->write(position, piece)) return refuse_call(path_, "write", ENOSPC);
            position += piece.size();
        }
        return {};
    }
    Result<std::size_t> read(std::uint64_t position, std::span<std::byte> out) override {
        return content_->read(position, out);
    }
    Result<std::uint64_t> size() override { return content_->size(); }
    Result<void> truncate(std::uint64_t size) override {
        if (!is_writable_) return refuse_call(path_, "truncate", EBADF);
        content_->truncate(size);
        return {};
    }
    Result<void> reserve(std::uint64_t) override { return {}; }
    Result<void> sync() override { return {}; }

private:
    const std::shared_ptr<Content> content_;
    const std::string path_;
    const bool is_writable_;
};

// A directory, or a file when it has content.
struct MemoryDisk::Node {
    std::map<std::string, std::unique_ptr<Node>> children;
    std::shared_ptr<Content> content;

    bool is_directory() const { return content == nullptr; }
};

struct MemoryDisk::Locks {
    std::mutex mutex;
    std::set<std::string> paths;
};

class MemoryDisk::Lock : public PathLock {
public:
    Lock(std::string path, std::shared_ptr<Locks> locks)
        : path_(std::move(path)), locks_(std::move(locks)) {}
    ~Lock() override {
        const std::lock_guard guard(locks_->mutex);
        locks_->paths.erase(path_);
    }

private:
    const std::string path_;
    const std::shared_ptr<Locks> locks_;
};

MemoryDisk::MemoryDisk(std::uint64_t capacity_bytes)
    : usage_(std::make_shared<Usage>(capacity_bytes)),
      locks_(std::make_shared<Locks>()),
      root_(std::make_unique<Node>()) {}

MemoryDisk::~MemoryDisk() = default;

void MemoryDisk::set_capacity(std::uint64_t bytes) { usage_->capacity_bytes = bytes; }

MemoryDisk::Node* MemoryDisk::find(const std::string& path) {
    auto* node = root_.get();
    for (const auto& part : parts_of(path)) {
        const auto child = node->children.find(part);
        if (child == node->children.end()) return nullptr;
        node = child->second.get();
    }
    return node;
}

std::pair<MemoryDisk::Node*, std::string> MemoryDisk::parent_of(const std::string& path) {
    auto parts = parts_of(path);
    if (parts.empty()) return {nullptr, ""};
    auto* node = root_.get();
    for (std::size_t i = 0; i + 1 < parts.size(); ++i) {
        const auto child = node->children.find(parts[i]);
        if (child == node->children.end()) return {nullptr, ""};
        node = child->second.get();
    }
    if (!node->is_directory()) return {nullptr, ""};
    return {node, std::move(parts.back())};
}

Result<std::unique_ptr<File>> MemoryDisk::open(const std::string& path, Open how) {
    const std::lock_guard guard(mutex_);
    auto* node = find(path);
    if (node == nullptr) {
        auto [parent, name] = parent_of(path);
        if (parent == nullptr || how == Open::read) return refuse_call(path, "open", ENOENT);
        auto made = std::make_unique<Node>();
        made->content = std::make_shared<Content>(usage_);
        node = made.get();
        parent->children.emplace(std::move(name), std::move(made));
    }
    if (node->is_directory()) return refuse_call(path, "open", EISDIR);
    if (how == Open::create) node->content->truncate(0);
    return std::make_unique<OpenFile>(node->content, path, how != Open::read);
}

Result<std::vector<Entry>> MemoryDisk::list(const std::string& directory) {
    const std::lock_guard guard(mutex_);
    const auto* node = find(directory);
    if (node == nullptr) return refuse_call(directory, "list", ENOENT);
    if (!node->is_directory()) return refuse_call(directory, "list", ENOTDIR);
    std::vector<Entry> entries;
    for (const auto& [name, child] : node->children) {
        entries.push_back({.name = name,
                           .is_directory = child->is_directory(),
                           .size_bytes = child->is_directory() ? 0 : child->content->size()});
    }
    return entries;
}

Result<std::optional<Entry>> MemoryDisk::stat(const std::string& path) {
    const std::lock_guard guard(mutex_);
    const auto* node = find(path);
    if (node == nullptr) return std::nullopt;
    auto parts = parts_of(path);
    return Entry{.name = parts.empty() ? "" : std::move(parts.back()),
                 .is_directory = node->is_directory(),
                 .size_bytes = node->is_directory() ? 0 : node->content->size()};
}

Result<void> MemoryDisk::make_directory(const std::string& path) {
    const std::lock_guard guard(mutex_);
    auto* node = root_.get();
    for (auto& part : parts_of(path)) {
        auto& child = node->children[part];
        if (!child) child = std::make_unique<Node>();
        if (!child->is_directory()) return refuse_call(path, "mkdir", ENOTDIR);
        node = child.get();
    }
    return {};
}

Result<void> MemoryDisk::rename(const std::string& from, const std::string& to) {
    const std::lock_guard guard(mutex_);
    auto [old_parent, old_name] = parent_of(from);
    auto [new_parent, new_name] = parent_of(to);
    if (old_parent == nullptr || new_parent == nullptr) return refuse_call(from, "rename", ENOENT);
    const auto source = old_parent->children.find(old_name);
    if (source == old_parent->children.end()) return refuse_call(from, "rename", ENOENT);
    const auto target = new_parent->children.find(new_name);
    if (target == source) return {};
    if (target != new_parent->children.end()) {
        const auto& there = *target->second;
        if (there.is_directory() && !source->second->is_directory()) {
            return refuse_call(from, "rename", EISDIR);
        }
        if (!there.children.empty()) return refuse_call(from, "rename", ENOTEMPTY);
    }
    auto node = std::move(source->second);
    old_parent->children.erase(source);
    new_parent->children[new_name] = std::move(node);
    return {};
}

Result<void> MemoryDisk::remove(const std::string& path) {
    const std::lock_guard guard(mutex_);
    auto [parent, name] = parent_of(path);
    if (parent == nullptr) return {};
    const auto found = parent->children.find(name);
    if (found == parent->children.end()) return {};
    if (!found->second->children.empty()) return refuse_call(path, "remove", ENOTEMPTY);
    parent->children.erase(found);
    return {};
}

Result<void> MemoryDisk::sync_directory(const std::string& path) {
    const std::lock_guard guard(mutex_);
    if (find(path) == nullptr) return refuse_call(path, "fsync", ENOENT);
    return {};
}

Result<std::unique_ptr<PathLock>> MemoryDisk::lock(const std::string& path) {
    auto file = open(path, Open::write);
    if (!file) return std::unexpected(std::move(file).error());
    const std::lock_guard guard(locks_->mutex);
    if (!locks_->paths.insert(path).second) {
        return fail(Errc::kafka_storage_error, path + ": another process holds this lock");
    }
    return std::make_unique<Lock>(path, locks_);
}

Result<Space> MemoryDisk::space(const std::string&) {
    const auto total = usage_->capacity_bytes.load();
    const auto used = usage_->used_bytes.load();
    return Space{.total_bytes = total, .usable_bytes = total - std::min(total, used)};
}

}  // namespace kcore::io
