#include "cli/input_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "cli/interrupt.h"

namespace kcore::cli {

namespace {

constexpr std::size_t kReadBytes = 256U << 10;

}  // namespace

Parsed<InputFile> InputFile::open(const std::string& path) {
    if (path == "-") return standard_input();
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0)
        return refuse(fmt::format("cannot read {}: {}", path, std::strerror(errno)));
    return InputFile(descriptor, true);
}

InputFile InputFile::standard_input() { return {STDIN_FILENO, false}; }

InputFile::InputFile(InputFile&& other) noexcept
    : descriptor_(other.descriptor_), is_own_(std::exchange(other.is_own_, false)) {}

InputFile::~InputFile() {
    if (is_own_) ::close(descriptor_);
}

Parsed<std::string> InputFile::read_all() const {
    std::string all;
    std::string room(kReadBytes, '\0');
    for (;;) {
        const auto got = ::read(descriptor_, room.data(), room.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return refuse(std::strerror(errno));
        if (got == 0) return all;
        all.append(room, 0, static_cast<std::size_t>(got));
    }
}

bool PieceReader::fill() {
    if (begin_ > 0) {
        std::copy(buffer_.begin() + static_cast<std::ptrdiff_t>(begin_),
                  buffer_.begin() + static_cast<std::ptrdiff_t>(end_), buffer_.begin());
        end_ -= begin_;
        begin_ = 0;
    }
    if (buffer_.size() - end_ < kReadBytes) {
        buffer_.resize(std::max(buffer_.size() * 2, end_ + kReadBytes));
    }
    for (;;) {
        if (interrupted()) return false;
        const auto got = ::read(descriptor_, buffer_.data() + end_, buffer_.size() - end_);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) error_ = errno;
        if (got <= 0) return false;
        end_ += static_cast<std::size_t>(got);
        return true;
    }
}

std::optional<std::string_view> PieceReader::next() {
    for (;;) {
        const std::string_view rest(buffer_.data() + begin_, end_ - begin_);
        const auto found = delimiter_.size() == 1 ? rest.find(delimiter_[0], searched_)
                                                  : rest.find(delimiter_, searched_);
        if (found != rest.npos) {
            begin_ += found + delimiter_.size();
            searched_ = 0;
            return rest.substr(0, found);
        }
        searched_ = rest.size() < delimiter_.size() ? 0 : rest.size() - delimiter_.size() + 1;
        if (at_end_ || !fill()) {
            at_end_ = true;
            if (begin_ == end_ || interrupted()) return std::nullopt;
            const std::string_view last(buffer_.data() + begin_, end_ - begin_);
            begin_ = end_;
            searched_ = 0;
            return last;
        }
    }
}

}  // namespace kcore::cli
