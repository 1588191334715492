# The linter as tests. A check that cannot run here (77) is reported as skipped, never as passed.
foreach(check layers shape coroutines comments configs loggers format generated self)
  add_test(NAME lint.${check} COMMAND ${CMAKE_SOURCE_DIR}/scripts/lint ${check})
  set_tests_properties(lint.${check} PROPERTIES LABELS lint TIMEOUT 120 SKIP_RETURN_CODE 77
                       ENVIRONMENT "KCORE_TOOLS=${CMAKE_BINARY_DIR}/apps")
endforeach()
add_test(NAME lint.headers
         COMMAND ${CMAKE_COMMAND} --build ${CMAKE_BINARY_DIR} --target kcore_headers)
set_tests_properties(lint.headers PROPERTIES LABELS lint TIMEOUT 600)
