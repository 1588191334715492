# cmake --install: tools (stripped, their debug information in lib/debug by build id, where a
# debugger looks if the prefix is /usr), man pages, completions, and the client library: headers,
# find_package(kcore) and pkg-config.
set(KCORE_INSTALLED_LAYERS base io protocol record rpc security client)

set(KCORE_INSTALLED_TARGETS ${KCORE_INSTALLED_LAYERS})
list(TRANSFORM KCORE_INSTALLED_TARGETS PREPEND kcore_)
foreach(layer ${KCORE_INSTALLED_LAYERS})
  set_target_properties(kcore_${layer} PROPERTIES EXPORT_NAME ${layer})
  install(DIRECTORY libkcore/${layer} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/kcore
          FILES_MATCHING PATTERN "*.h" PATTERN "generator" EXCLUDE PATTERN "schema" EXCLUDE
          PATTERN "test_*" EXCLUDE PATTERN "scripted_*" EXCLUDE)
endforeach()
install(DIRECTORY ${CMAKE_BINARY_DIR}/gen/protocol
        DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/kcore FILES_MATCHING PATTERN "*.h")
install(TARGETS ${KCORE_INSTALLED_TARGETS} EXPORT kcoreTargets
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})

# For pkg-config: whoever needs another stands before it.
set(KCORE_PC_LIBS)
foreach(layer ${KCORE_INSTALLED_LAYERS})
  get_target_property(type kcore_${layer} TYPE)
  if(type STREQUAL "STATIC_LIBRARY")
    string(PREPEND KCORE_PC_LIBS " -lkcore_${layer}")
  endif()
endforeach()
if(ISAL_LIBRARY)
  string(APPEND KCORE_PC_LIBS " -lisal")
endif()

file(RELATIVE_PATH KCORE_PC_UP /p/${CMAKE_INSTALL_LIBDIR}/pkgconfig /p)

set(KCORE_CMAKE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/kcore)
install(EXPORT kcoreTargets NAMESPACE kcore:: DESTINATION ${KCORE_CMAKE_DIR})
include(CMakePackageConfigHelpers)
write_basic_package_version_file(${CMAKE_BINARY_DIR}/kcoreConfigVersion.cmake
                                 COMPATIBILITY SameMinorVersion)
install(FILES scripts/cmake/kcoreConfig.cmake ${CMAKE_BINARY_DIR}/kcoreConfigVersion.cmake
        DESTINATION ${KCORE_CMAKE_DIR})
configure_file(scripts/cmake/kcore.pc.in ${CMAKE_BINARY_DIR}/kcore.pc @ONLY)
install(FILES ${CMAKE_BINARY_DIR}/kcore.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

foreach(pair "man;${CMAKE_INSTALL_MANDIR}/man1;*.1"
        "completions/bash;${CMAKE_INSTALL_DATADIR}/bash-completion/completions;*"
        "completions/zsh;${CMAKE_INSTALL_DATADIR}/zsh/site-functions;*"
        "completions/fish;${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d;*")
  list(GET pair 0 from)
  list(GET pair 1 to)
  list(GET pair 2 pattern)
  if(EXISTS ${CMAKE_SOURCE_DIR}/${from})
    install(DIRECTORY ${from}/ DESTINATION ${to} FILES_MATCHING PATTERN "${pattern}")
  endif()
endforeach()
install(FILES LICENSE README.md DESTINATION ${CMAKE_INSTALL_DOCDIR})

get_property(programs DIRECTORY apps PROPERTY BUILDSYSTEM_TARGETS)
set(tools)
foreach(program ${programs})
  get_target_property(type ${program} TYPE)
  if(type STREQUAL "EXECUTABLE" AND NOT program MATCHES "_test$")
    list(APPEND tools ${program})
  endif()
endforeach()
if(tools AND CMAKE_OBJCOPY AND CMAKE_READELF)
  install(CODE "
    set(prefix \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}\")
    foreach(tool ${tools})
      set(program \"\${prefix}/${CMAKE_INSTALL_BINDIR}/\${tool}\")
      execute_process(COMMAND \"${CMAKE_READELF}\" -n \"\${program}\" OUTPUT_VARIABLE notes
                      COMMAND_ERROR_IS_FATAL ANY)
      if(NOT notes MATCHES \"Build ID: ([0-9a-f][0-9a-f])([0-9a-f]+)\")
        message(FATAL_ERROR \"\${tool} has no build id\")
      endif()
      set(folder \"\${prefix}/lib/debug/.build-id/\${CMAKE_MATCH_1}\")
      set(debug \"\${folder}/\${CMAKE_MATCH_2}.debug\")
      file(MAKE_DIRECTORY \"\${folder}\")
      execute_process(COMMAND \"${CMAKE_OBJCOPY}\" --only-keep-debug --compress-debug-sections
                              \"\${program}\" \"\${debug}\"
                      COMMAND_ERROR_IS_FATAL ANY)
      execute_process(COMMAND \"${CMAKE_OBJCOPY}\" --strip-unneeded
                              \"--add-gnu-debuglink=\${debug}\" \"\${program}\"
                      COMMAND_ERROR_IS_FATAL ANY)
    endforeach()")
endif()
