#!/bin/bash
# Options of other programs, and words of shells: one line each, with the command to type, and nothing is started.
. "$(dirname "$0")/command_line_lib.sh"

NO_NETWORK="type: sandbox-run --no-network -- PROGRAM"

test_options_of_others() {
  usage_error "unknown option '--net' (firejail's); $NO_NETWORK" --net=none "${TARGET[@]}"
  usage_error "unknown option '--net' (firejail's); $NO_NETWORK" --net none "${TARGET[@]}"
  usage_error "unknown option '--unshare-net' (bubblewrap's); $NO_NETWORK" --unshare-net "${TARGET[@]}"
  usage_error "unknown option '--seccomp' (bubblewrap's); type: sandbox-run --bpf /dev/fd/3 -- PROGRAM" \
    --seccomp 3 "${TARGET[@]}"
  usage_error "unknown option '--security-opt' (docker's); type: sandbox-run --policy d.json -- PROGRAM" \
    --security-opt seccomp=d.json "${TARGET[@]}"
  usage_error "unknown option '--cap-drop' (docker's and bubblewrap's); capabilities are not taken here; type: setpriv $(
  )--inh-caps=-all --bounding-set=-all sandbox-run -- PROGRAM" --cap-drop=all "${TARGET[@]}"
  usage_error "unknown option '--ro-bind' (bubblewrap's); type: sandbox-run --rox /srv -- PROGRAM" \
    --ro-bind /srv /srv "${TARGET[@]}"
  usage_error "unknown option '--whitelist' (firejail's); type: sandbox-run --rw /srv -- PROGRAM" \
    --whitelist=/srv "${TARGET[@]}"
  usage_error "unknown option '--private' (firejail's); files are kept out of reach by naming those that are not: $(
  )sandbox-run --ro PATH --rw PATH -- PROGRAM" --private "${TARGET[@]}"
  usage_error "unknown option '-c' (a Beat's); --policy reads the section 'seccomp' of a whole configuration: $(
  )sandbox-run -p beat.yml -- ./packetbeat -c beat.yml" -c beat.yml "${TARGET[@]}"
  usage_error "unknown option '-E' (a Beat's); its settings stand in the policy's file; others behind it: sandbox-run $(
  )-p beat.yml -- ./packetbeat -E ..." -vE a=b "${TARGET[@]}"
}

test_settings_of_units() {
  usage_error "SystemCallFilter=~@mount ptrace: cannot be read: No such file or directory; it is a setting of $(
  )systemd's; type: sandbox-run --deny @mount,ptrace -- PROGRAM" -p "SystemCallFilter=~@mount ptrace" "${TARGET[@]}"
  usage_error "PrivateNetwork=yes: cannot be read: No such file or directory; it is a setting of systemd's; $NO_NETWORK" \
    -p PrivateNetwork=yes "${TARGET[@]}"
}

not_found() { # MESSAGE ARGUMENT...
  local message=$1
  shift
  run "$SANDBOX_RUN" "$@"
  assert_status 127
  assert_file_is err "sandbox-run: error: $message"
}

test_words_in_the_place_of_a_program() {
  local none="no such program in PATH"
  not_found "cannot find 'ls -l': $none; it is one word; did you mean: sandbox-run -- ls -l" "ls -l"
  not_found "cannot find 'export': $none; it is a word of the shell's: sandbox-run -- sh -c 'export ...'" export A=b
  not_found "cannot find 'FOO=2': $none; for a variable, sandbox-run -- env FOO=2 PROGRAM" FOO=2 env
  not_found "cannot find 'json': $none; a report is JSON in a file: --report=FILE" --report json true
  not_found "cannot find 'beat.yml': $none; for a policy, --policy beat.yml" beat.yml true
  mkdir bin
  cp "$TEST_BIN/call" "bin/ls -l" # A program of that name is started.
  PATH=$PWD/bin:$PATH run "$SANDBOX_RUN" "ls -l" getpid
  assert_file_is out "getpid ok"
}

test_files_for_names() {
  usage_error "option '--cap' takes names, found './caps.yml'; for a file, --policy ./caps.yml" --cap ./caps.yml \
    "${TARGET[@]}"
  usage_error "option '--deny' takes names, found 'deny.yml'; for a file, --policy deny.yml" --deny deny.yml \
    "${TARGET[@]}"
}

test_a_compiled_filter_for_a_policy() {
  printf '\006\000\000\000\000\000\377\177' >allow.bpf
  usage_error "allow.bpf: is a compiled filter; give it by --bpf" -p allow.bpf "${TARGET[@]}"
  run "$SANDBOX_RUN" --bpf allow.bpf -- "${CALL[@]}"
  assert_file_is out "uname EFAULT"
}

test_a_filter_is_complete() {
  local option
  for option in --no-network --no-unix --no-exec --deny=acct; do
    usage_error "'--bpf' cannot be used together with '--deny', '--no-network', '--no-unix' and '--no-exec': a filter is $(
    )complete" --bpf allow.bpf "$option" "${TARGET[@]}"
  done
}

test_options_that_have_no_effect() {
  local idle="has no effect: none of the policies is a container profile"
  run "$SANDBOX_RUN" --cap net_raw -p "$POLICY" "${CALL[@]}"
  assert_file_is err "sandbox-run: warning: '--cap' $idle, and sandbox-run gives and takes no capabilities"
  assert_file_is out "uname EPERM"
  run "$SANDBOX_RUN" --kernel-widths "${CALL[@]}"
  assert_file_is err "sandbox-run: warning: '--kernel-widths' $idle"
  printf '%s\n' "$OLD_PROFILE" >old.json
  run "$SANDBOX_RUN" --dry-run --cap net_raw -p old.json -p "$POLICY"
  assert_file_is err ""
}

run_tests
