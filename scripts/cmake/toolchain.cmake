# Compiler flags, the linker and the compiler cache: one place for all targets.
find_program(CCACHE ccache)
if(CCACHE)
  # Without this ccache leaves alone what includes a precompiled header.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env
      CCACHE_SLOPPINESS=pch_defines,time_macros ${CCACHE})
endif()
find_program(MOLD mold)
if(MOLD)
  add_link_options(-fuse-ld=mold)
endif()

add_compile_options(-Wall -Wextra -Werror -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual
                    -ffunction-sections -fdata-sections)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # Both warn wrongly of the standard library of g++ 12 at -O2.
  add_compile_options(-fcoroutines -Wno-maybe-uninitialized -Wno-restrict
                      -Wno-mismatched-new-delete)
else()
  # libstdc++ 12 uses its own deprecated std::get_temporary_buffer in std::stable_sort.
  add_compile_options(-Wno-deprecated-declarations)
  # asio 1.22 knows the coroutines of clang's own library only.
  add_compile_definitions(ASIO_HAS_CO_AWAIT=1 ASIO_HAS_STD_COROUTINE=1)
endif()
add_link_options(-Wl,--gc-sections)
if(KCORE_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
# Loading libstdc++ and libfmt would take half a millisecond at every start of a tool.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND NOT KCORE_SANITIZE)
  add_link_options(-static-libstdc++ -static-libgcc)
endif()
if(KCORE_SANITIZE)
  add_compile_options(-fsanitize=${KCORE_SANITIZE} -fno-sanitize-recover=all
                      -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${KCORE_SANITIZE})
endif()
add_compile_definitions(ASIO_STANDALONE ASIO_NO_DEPRECATED)

# What is slow to parse, precompiled once for the targets that would parse it in every file. Only
# with g++: the clang trees prove that each file includes what it needs.
function(kcore_precompile target)
  if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    return()
  endif()
  if(target STREQUAL "kcore_io")
    target_precompile_headers(${target} PRIVATE
      <asio/awaitable.hpp> <algorithm> <array> <chrono> <fmt/format.h> <functional> <map> <memory>
      <mutex> <optional> <set> <span> <string> <variant> <vector>)
  else()
    target_precompile_headers(${target} REUSE_FROM kcore_io)
  endif()
  target_compile_options(${target} PRIVATE -fpch-preprocess)  # ccache wants it.
endfunction()
