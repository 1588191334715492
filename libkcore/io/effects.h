#pragma once
// What was done to a file system, in order, and what of it a power cut may leave. The model: a file
// is sectors of 512 bytes and a size, a directory is names; each is durable as it was at its last
// sync, and may have got to any later state of its own by chance.

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "io/memory_disk.h"
#include "io/random.h"

namespace kcore::io {

class Effects {
public:
    using Node = std::size_t;  // A file or directory, whatever its name; 0 is the root.

    std::size_t size() const { return effects_.size(); }

    // The node of a path, made as a file if there is none.
    Node file(const std::string& path);
    void make_directory(const std::string& path);
    void rename(const std::string& from, const std::string& to);
    void remove(const std::string& path);
    void sync_directory(const std::string& path);

    void write(Node node, std::uint64_t position, BytesView bytes);
    void truncate(Node node, std::uint64_t size);
    void sync(Node node);
    // What was written since the last sync will never be durable, whatever is synced later.
    void lose_unsynced(Node node);

    std::unique_ptr<MemoryDisk> crashed(std::size_t count, Random& random) const;

private:
    enum class Kind : std::uint8_t { link, unlink, rename, sync_names, write, truncate, sync };
    struct Effect {
        Kind kind = Kind::write;
        Node node = 0;  // The file; or the directory whose names change.
        Node child = 0;
        std::string name;
        Node to_directory = 0;
        std::string to_name;
        std::uint64_t position = 0;  // Or the new size.
        Bytes bytes;
        bool is_lost = false;
    };
    using Names = std::map<std::string, Node>;
    struct Place {
        Node directory = 0;
        std::string name;
    };

    Node make(Node directory, const std::string& name, bool is_directory);
    Place place_of(const std::string& path) const;
    void build(MemoryDisk& disk, const std::map<Node, Names>& names, Node directory,
               const std::string& path, std::size_t count, Random& random) const;
    std::map<Node, Names> names_after(std::size_t count, Random& random) const;
    Bytes content_after(Node node, std::size_t count, Random& random) const;
    static void apply(std::map<Node, Names>& names, const Effect& effect);
    static void apply(Bytes& content, const Effect& effect);

    std::vector<Effect> effects_;
    std::vector<bool> is_directory_{true};
    std::map<Node, Names> names_{{0, {}}};  // As they are now.
};

}  // namespace kcore::io
