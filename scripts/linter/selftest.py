"""Snippets that the checks must find, and snippets that they must let pass."""

from . import comments, configs, coroutines, layers, loggers, shape
from .source import Source

TABLE = {"base": [], "io": ["base"], "log": ["base", "io"]}

# (check, path, snippet): one finding at least.
BAD = [
    (coroutines.check_alone, "x.cc", "void f() { if (co_await g()) h(); }"),
    (coroutines.check_alone, "x.cc", "void f() { while (!co_await g()) h(); }"),
    (coroutines.check_alone, "x.cc", "void f() { auto x = co_await g() ? 1 : 2; }"),
    (coroutines.check_alone, "x.cc", "void f() { auto x = a && co_await g(); }"),
    (coroutines.check_alone, "x.cc", "void f() { auto x = co_await g() || b; }"),
    (coroutines.check_alone, "x.cc", "void f() { h(1, co_await g()); }"),
    (coroutines.check_alone, "x.cc", "void f() { auto x = *co_await g(); }"),
    (coroutines.check_alone, "x.cc", "void f() { auto x = (co_await g()).value(); }"),
    (coroutines.check_alone, "x.cc", "void f() { switch (co_await g()) { case 1: break; } }"),
    (coroutines.check_alone, "x.cc", "void f() { for (auto& x : co_await g()) h(x); }"),
    (coroutines.check_alone, "x.cc", "void f() { return {co_await g()}; }"),
    (coroutines.check_alone, "x.cc", "void f() { co_return !co_await g(); }"),
    (coroutines.check_alone, "x.cc", "void f() { x = co_await g(co_await h()); }"),
    (coroutines.check_arguments, "x.cc", "void f() { co_await g([] { return 1; }); }"),
    (coroutines.check_arguments, "x.cc", "void f() { auto r = co_await g(Options{1, 2}); }"),
    (coroutines.check_arguments, "x.cc", "void f() { auto r = co_await g({}); }"),
    (coroutines.check_lambdas, "x.cc", "auto f = [this]() -> Async<void> { co_return; };"),
    (coroutines.check_lambdas, "x.cc", "auto f = [&] { co_await g(); };"),
    (coroutines.check_lambdas, "x.cc", "auto f = [] { h([x] { co_await g(); }); };"),
    (coroutines.check_asio, "x.h", "#include <asio.hpp>\n"),
    (coroutines.check_asio, "x.h", "#include <asio/experimental/channel.hpp>\n"),
    (shape.check_size, "x.cc", "// " + "x" * 98),
    (shape.check_size, "x.h", "\n" * 201),
    (shape.check_size, "x.cc", "\n" * 601),
    (shape.check_header, "x.h", "// A thing.\n#pragma once\n"),
    (shape.check_header, "x.h", "#pragma once\n\nclass A;\n"),
    (shape.check_functions, "x.cc", "void f() {\n" + "g();\n" * 60 + "}\n"),
    (shape.check_functions, "x.cc", "namespace a {\nA::A(int b)\n    : c_{1}, d_(2) {\n" +
     "g();\n" * 60 + "}\n}\n"),
    (shape.check_functions, "x.cc", "class A {\npublic:\n    int f() const override {\n" +
     "g();\n" * 60 + "}\n};\n"),
    (shape.check_functions, "x.cc", "TEST_F(ATest, Does) {\n" + "g();\n" * 60 + "}\n"),
    (shape.check_functions, "x.cc", "template <class T>\nstd::vector<T> f(T a)\n" +
     "    requires(sizeof(T) > 1)\n{\n" + "g();\n" * 60 + "}\n"),
    (shape.check_constructors, "x.h", "class A {\n    A(int a, int b, int c, int d, int e, int f,"
     " int g);\n};"),
    (shape.check_constructors, "x.h", "struct A final : B {\n    explicit A(int a, int b, int c,"
     " int d, int e, std::map<int, int> f, int g) : a_(a) {}\n};"),
    (shape.check_names, "x.h", "class TopicManager {};"),
    (shape.check_names, "x.h", "struct Impl;"),
    (shape.check_names, "log_utils.h", ""),
    (comments.check_comments, "x.cc", "// return x + 1;"),
    (comments.check_comments, "x.cc", "int a;  // b.call(c);"),
    (comments.check_comments, "x.cc", "// auto x = f();"),
    (comments.check_comments, "x.cc", "// if (x) {"),
    (comments.check_comments, "x.cc", "// }"),
    (comments.check_comments, "x.cc", "/* x->y = 3; */"),
    (comments.check_comments, "x.cc", "// #include <vector>"),
    (layers.check_system, "libkcore/log/x.cc", "auto t = std::chrono::steady_clock::now();"),
    (layers.check_system, "libkcore/log/x_test.cc", "sleep(1);"),
    (layers.check_system, "libkcore/log/x_test.cc",
     "std::this_thread::sleep_for(std::chrono::seconds(1));"),
    (layers.check_system, "libkcore/log/x.cc", "std::thread t(f);"),
    (layers.check_system, "libkcore/log/x.cc", "std::random_device d;"),
    (layers.check_system, "libkcore/log/x.cc", "int r = rand();"),
    (layers.check_system, "libkcore/log/x.cc", "auto t = time(nullptr);"),
    (layers.check_system, "libkcore/log/x.cc", "std::ifstream in(path);"),
    (layers.check_system, "libkcore/log/x.cc", "FILE* f = fopen(path, mode);"),
    (layers.check_system, "libkcore/log/x.cc", "int fd = ::open(path, O_RDONLY);"),
    (layers.check_system, "libkcore/rpc/x.cc", "int fd = ::socket(AF_INET, SOCK_STREAM, 0);"),
    (layers.check_system, "libkcore/rpc/x.cc", "asio::ip::tcp::socket s;"),
    (layers.check_system, "libkcore/log/x.cc", "#include <fcntl.h>\n"),
    (layers.check_system, "apps/kconsume.cc", "#include <fstream>\n"),
]

# (check, path, snippet): no finding.
GOOD = [
    (coroutines.check_alone, "x.cc", "void f() { co_await g(); }"),
    (coroutines.check_alone, "x.cc", "void f() { auto x = co_await g(a, b[1], &c); }"),
    (coroutines.check_alone, "x.cc", "void f() { const Result<std::size_t> x = co_await g(); }"),
    (coroutines.check_alone, "x.cc", "void f() { auto [a, b] = co_await g(a && b ? 1 : 2); }"),
    (coroutines.check_alone, "x.cc", "void f() { this->x_.y = co_await g(); }"),
    (coroutines.check_alone, "x.cc", "void f() { if (x) co_await g(); else co_await h(); }"),
    (coroutines.check_alone, "x.cc", "void f() { for (;;) co_await g(); }"),
    (coroutines.check_alone, "x.cc", "void f() { switch (x) { case A::b: co_await g(); } }"),
    (coroutines.check_alone, "x.cc", "void f() { if (x) { y = co_await g(); } }"),
    (coroutines.check_alone, "x.cc", "void f() { co_return co_await g(); }"),
    (coroutines.check_alone, "x.cc", '// if (co_await x)\nauto s = "if (co_await x)";'),
    (coroutines.check_arguments, "x.cc", "void f() { auto x = co_await g(std::move(h)); }"),
    (coroutines.check_arguments, "x.cc", "void f() { if (a) { co_await g(1); } else { h({}); } }"),
    (coroutines.check_lambdas, "x.cc", "auto f = [](int a) -> Async<void> { co_return; };"),
    (coroutines.check_lambdas, "x.cc", "auto f = [this] { spawn(g()); };"),
    (coroutines.check_lambdas, "x.cc", "auto f = [this] { h([](int) { co_return; }); };"),
    (coroutines.check_lambdas, "x.cc", "void f() { a[i] = 1; co_await g(); }"),
    (coroutines.check_asio, "x.h", "#include <asio/awaitable.hpp>\n"),
    (shape.check_size, "x.cc", "// " + "x" * 97),
    (shape.check_header, "x.h", "#pragma once\n// A thing.\n"),
    (shape.check_functions, "x.cc", "void f() {\n" + "g();\n" * 58 + "}\n"),
    (shape.check_functions, "x.cc", "constexpr Row kRows[] = {\n" + "    {1, f(2)},\n" * 90 + "};"),
    (shape.check_functions, "x.cc", "namespace {\nstruct A {\n" + "    int f() { return 1; }\n" *
     90 + "};\n}"),
    (shape.check_functions, "x.cc", "enum class A : std::int8_t {\n" + "    b = 1'000,\n" * 90 +
     "};\n"),
    (shape.check_constructors, "x.h", "class A {\n    A(int a, std::map<int, int> b, int c, int d,"
     " int e, int f);\n    void g(int, int, int, int, int, int, int);\n};"),
    (shape.check_names, "x.h", "class Image {};  // no Manager here"),
    (comments.check_comments, "x.cc", "// Sorted, so that it returns early; see below."),
    (comments.check_comments, "x.cc", "// `auto x = f(a);` alone is safe."),
    (comments.check_comments, "x.cc", "// for the peer (a broker): the same;"),
    (comments.check_comments, "x.cc", "// if the leader moved, ask again"),
    (comments.check_comments, "x.cc", "//   invalid_config  not of the type"),
    (comments.check_comments, "x.cc", 'auto s = "http://x.y/z;";'),
    (layers.check_system, "libkcore/io/x.cc", "auto t = std::chrono::steady_clock::now();"),
    (layers.check_system, "libkcore/log/x.cc", "const auto t = clock.now(); disk.open(path, how);"),
    (layers.check_system, "libkcore/log/x.cc", "Result<void> MemoryDisk::rename(P a, P b);"),
    (layers.check_system, "libkcore/log/x.cc", "using Instant = std::chrono::steady_clock;"),
    (layers.check_system, "libkcore/log/x.cc", "std::mutex m; auto x = log.time(nullptr);"),
    (layers.check_system, "libkcore/base/x_test.cc", "std::jthread t(f);"),
]

# (path, snippet, may it pass)
INCLUDES = [
    ("libkcore/log/x.cc", '#include "io/disk.h"\n', True),
    ("libkcore/log/x.cc", '#include "log/y.h"\n#include <vector>\n', True),
    ("libkcore/io/x.cc", '#include "log/y.h"\n', False),
    ("libkcore/base/x_test.cc", '#include "io/y.h"\n', False),
    ("libkcore/log/x.cc", '#include "../io/disk.h"\n', False),
    ("libkcore/log/x.cc", "#include <io/disk.h>\n", False),
    ("libkcore/other/x.cc", "", False),
    ("apps/x.cc", '#include "log/y.h"\n', True),
]

OWN_HEADER = [
    ("libkcore/log/x.cc", '#include "log/x.h"\n#include <vector>\n', True),
    ("libkcore/log/x_test.cc", '#include "log/x.h"\n', True),
    ("libkcore/log/x.cc", '#include <vector>\n#include "log/x.h"\n', False),
    ("libkcore/log/x.cc", "", False),
]


def _faults(check, path, snippet, *more):
    return list(check(Source(path, snippet), *more))


def run():
    out = []
    for check, path, snippet in BAD:
        if not _faults(check, path, snippet):
            out.append(f"{check.__name__} misses: {snippet[:90]!r}")
    for check, path, snippet in GOOD:
        for _, what in _faults(check, path, snippet):
            out.append(f"{check.__name__} wrongly finds in {snippet[:90]!r}: {what}")
    for path, snippet, good in INCLUDES:
        if good == bool(_faults(layers.check_includes, path, snippet, TABLE)):
            out.append(f"check_includes judges {path} wrongly: {snippet!r}")
    for path, snippet, good in OWN_HEADER:
        if good == bool(_faults(layers.check_own_header, path, snippet, lambda name: True)):
            out.append(f"check_own_header judges {path} wrongly: {snippet!r}")
    if not list(layers.check_order({"a": ["b"], "b": []})):
        out.append("check_order misses a layer that names one above it")
    if not list(comments.check_notes("x", "# TO" + "DO: later")):
        out.append("check_notes misses a note")
    # The second one acts as the default of the first.
    table = '{"a.b", kInt, "1", "c.d", kActs, "Of topics."},\n{"c.d", kInt, "1", kActs, "X."},'
    for code, found in (('"a.b"', 0), ('"c.d"', 1), ("", 2)):
        if len(configs.check_effective([table], [code])) != found:
            out.append(f"check_effective judges code that reads {code} wrongly")
    listed = 'kLoggers = {"a", "b"};'
    for code, found in (('x.named("a"); Logger l(sink_, "b");', 0), ('x.named("a")', 1),
                        ('x.named("c")', 3)):
        if len(loggers.check_listed(listed, [code])) != found:
            out.append(f"check_listed judges {code} wrongly")
    return out
