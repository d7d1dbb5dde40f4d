#!/bin/bash
# sandbox-policy scan: Go programs, of which all functions count as reached, by the table of Go's runtime.
. "$(dirname "$0")/lib.sh"

program=$(command -v prometheus-node-exporter) || { echo "skipped: there is no program of Go"; exit 77; }

# lld puts the table into a section with other data: it is found by its head.
test_table_without_a_section() {
  objcopy --rename-section .gopclntab=.table --rename-section .data.rel.ro.gopclntab=.table "$program" renamed
  calls_of "$program" >wanted
  calls_of "$PWD/renamed" >found
  grep -qw epoll_pwait wanted || report "expected a program of Go"
  assert_equal "$(cat wanted)" "$(cat found)"
  objcopy --rename-section .go.buildinfo=.info --rename-section .note.go.buildid=.note renamed hidden
  calls_of "$PWD/hidden" >less
  ! cmp -s wanted less || report "expected the table to matter"
}

run_tests
