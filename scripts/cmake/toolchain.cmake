# Compiler flags, the linker and the compiler cache: one place for all targets.
find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()
find_program(MOLD mold)
if(MOLD)
  add_link_options(-fuse-ld=mold)
endif()

add_compile_options(-Wall -Wextra -Werror -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual
                    -ffunction-sections -fdata-sections)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  add_compile_options(-fcoroutines -Wno-maybe-uninitialized)
endif()
add_link_options(-Wl,--gc-sections)
if(KCORE_SANITIZE)
  add_compile_options(-fsanitize=${KCORE_SANITIZE} -fno-sanitize-recover=all
                      -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${KCORE_SANITIZE})
endif()
# fmt and spdlog are built in: their shared libraries would cost start-up time.
add_compile_definitions(ASIO_STANDALONE ASIO_NO_DEPRECATED SPDLOG_FMT_EXTERNAL)
