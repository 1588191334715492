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

# What is slow to parse, precompiled: with GoogleTest for all tests (kcore_test_pch); for the other
# code with clang for all of it (kcore_pch), with g++, which reads it slower, for the layers that
# libkcore/CMakeLists.txt names. The lint and tidy trees do without and so find a forgotten include;
# headers are compiled by themselves in every tree.
function(kcore_make_pch target)
  target_precompile_headers(${target} PRIVATE
    <asio/awaitable.hpp> <algorithm> <array> <chrono> <fmt/format.h> <functional> <map> <memory>
    <mutex> <optional> <set> <span> <string> <variant> <vector> ${ARGN})
  kcore_cache_pch(${target})
endfunction()

function(kcore_use_pch target pch)
  target_precompile_headers(${target} REUSE_FROM ${pch})
  kcore_cache_pch(${target})
endfunction()

# What ccache wants of a precompiled header and of all that includes it.
function(kcore_cache_pch target)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(${target} PRIVATE -fpch-preprocess)
  else()
    target_compile_options(${target} PRIVATE "SHELL:-Xclang -fno-pch-timestamp")
  endif()
endfunction()

# A test's own code is compiled once and runs once: optimizing it takes longer than running it. All
# tests define what asio's layers do, so that they can share what is precompiled.
function(kcore_test_options target)
  target_compile_options(${target} PRIVATE -O0)
  target_compile_definitions(${target} PRIVATE ASIO_DISABLE_STD_ALIGNED_ALLOC)
endfunction()

file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/nothing.cc CONTENT "")
if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # What libkcore/CMakeLists.txt asks of the layers that use asio: here all include it.
  add_compile_definitions(ASIO_DISABLE_STD_ALIGNED_ALLOC)
  add_library(kcore_pch OBJECT EXCLUDE_FROM_ALL ${CMAKE_BINARY_DIR}/nothing.cc)
  kcore_make_pch(kcore_pch)
endif()
if(KCORE_TESTS)
  add_library(kcore_test_pch OBJECT EXCLUDE_FROM_ALL ${CMAKE_BINARY_DIR}/nothing.cc)
  kcore_make_pch(kcore_test_pch <gmock/gmock.h> <gtest/gtest.h>)
  target_link_libraries(kcore_test_pch PRIVATE GTest::gmock)
  kcore_test_options(kcore_test_pch)
endif()

function(kcore_precompile target)
  if(TARGET kcore_pch)
    kcore_use_pch(${target} kcore_pch)
  endif()
endfunction()

# Several files of a library or tool compiled as one: what they all include is parsed, and its
# templates are made, once. No two files of one folder may give a name of their own to two things.
function(kcore_unify target)
  if(KCORE_UNITY)
    set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 10)
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
      # It takes an included .cc file for a header.
      target_compile_options(${target} PRIVATE -Wno-subobject-linkage)
    endif()
  endif()
endfunction()

function(kcore_precompile_test target)
  kcore_use_pch(${target} kcore_test_pch)
  kcore_test_options(${target})
endfunction()
