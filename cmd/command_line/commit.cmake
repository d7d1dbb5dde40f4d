# cmake -D SOURCE=... -D COMMIT=... -D OUTPUT=... -P commit.cmake: writes kCommit, which is COMMIT, else the commit of
# the checkout, with a '+' when files of it were changed. In a source archive without either it is "unknown".
function(ask_git variable)
  execute_process(
    COMMAND git -c safe.directory=${SOURCE} -C ${SOURCE} ${ARGN}
    OUTPUT_VARIABLE answer OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE status)
  if(NOT status EQUAL 0)
    set(answer "")
  endif()
  set(${variable} "${answer}" PARENT_SCOPE)
endfunction()

if(NOT COMMIT)
  # The checkout's own, not one in which an unpacked archive lies.
  ask_git(prefix rev-parse --show-prefix)
  ask_git(COMMIT rev-parse --short=12 HEAD)
  ask_git(changed status --porcelain --untracked-files=no)
  if(COMMIT AND changed)
    string(APPEND COMMIT "+")
  endif()
  if(prefix OR NOT COMMIT)
    set(COMMIT "unknown")
  endif()
endif()
set(text "constexpr std::string_view kCommit = \"${COMMIT}\";\n")
set(old "")
if(EXISTS ${OUTPUT})
  file(READ ${OUTPUT} old)
endif()
if(NOT old STREQUAL text)
  file(WRITE ${OUTPUT} "${text}")
endif()
