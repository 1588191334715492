# One static library a layer, kcore_<layer>, linked to the layers its line in libkcore/LAYERS names,
# and one test program a layer from the x_test.cc beside its sources. x.cc includes x.h first, which
# proves that it stands alone where files are compiled one by one (dev, lint, tidy); headers without
# an x.cc are compiled by themselves in kcore_headers.
file(STRINGS ${CMAKE_SOURCE_DIR}/libkcore/LAYERS KCORE_LAYER_LINES REGEX "^[a-z]+:")
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/libkcore/LAYERS)

add_custom_target(kcore_headers)

function(kcore_check_headers name)
  file(GLOB_RECURSE headers CONFIGURE_DEPENDS RELATIVE ${CMAKE_CURRENT_SOURCE_DIR} ${name}/*.h)
  set(stubs)
  foreach(header ${headers})
    string(REGEX REPLACE "\\.h$" "" stem ${header})
    if(NOT EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/${stem}.cc AND NOT header MATCHES "/generator/")
      set(stub ${CMAKE_BINARY_DIR}/headers/${stem}.cc)
      file(CONFIGURE OUTPUT ${stub} CONTENT "#include \"${header}\"\n")
      list(APPEND stubs ${stub})
    endif()
  endforeach()
  if(stubs)
    add_library(kcore_${name}_headers OBJECT EXCLUDE_FROM_ALL ${stubs})
    target_link_libraries(kcore_${name}_headers PRIVATE kcore_${name})
    add_dependencies(kcore_headers kcore_${name}_headers)
  endif()
endfunction()

function(kcore_layer name)
  set(needs ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${name}/*.cc)
  set(tests ${sources})
  list(FILTER sources EXCLUDE REGEX "_test\\.cc$|/generator/")
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  list(TRANSFORM needs PREPEND kcore_)

  if(sources)
    add_library(kcore_${name} STATIC ${sources})
    kcore_precompile(kcore_${name})
    kcore_unify(kcore_${name})
    set(scope PUBLIC)
  else()
    add_library(kcore_${name} INTERFACE)
    set(scope INTERFACE)
  endif()
  target_include_directories(kcore_${name} ${scope}
                             $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}/libkcore>
                             $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}/kcore>)
  target_link_libraries(kcore_${name} ${scope} ${needs} ${KCORE_EXTERNAL_${name}})
  target_compile_definitions(kcore_${name} ${scope} ${KCORE_DEFINITIONS_${name}})
  if(EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/${name}/layer.cmake)
    include(${name}/layer.cmake)
  endif()

  kcore_check_headers(${name})

  if(tests AND KCORE_TESTS)
    add_executable(${name}_test ${tests})
    target_link_libraries(${name}_test PRIVATE kcore_${name} GTest::gmock GTest::gtest_main)
    kcore_precompile_test(${name}_test)
    add_test(NAME unit.${name} COMMAND ${name}_test)
    set_tests_properties(unit.${name} PROPERTIES LABELS unit TIMEOUT ${KCORE_UNIT_SECONDS})
  endif()
endfunction()
