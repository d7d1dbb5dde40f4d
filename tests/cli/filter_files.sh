#!/bin/bash
# --bpf: where a filter can come from, and what is reported about it.
. "$(dirname "$0")/filter_files_lib.sh"

test_a_compiled_filter() {
  enforces --bpf "$FILES/good.bpf"
  enforces --bpf="$FILES/good.bpf" --log
}

test_raw_bpf() { enforces --bpf "$FILES/good.raw"; }

test_a_pipe() {
  local kind
  for kind in bpf raw; do
    enforces --bpf <(cat "$FILES/good.$kind")
    cat "$FILES/good.$kind" | enforces --bpf /dev/stdin
    enforces --bpf /dev/stdin <"$FILES/good.$kind"
  done
  enforces --bpf <(for i in $(seq 0 "$(stat -c %s "$FILES/good.bpf")"); do
    tail -c "+$((i + 1))" "$FILES/good.bpf" | head -c 1
  done)
}

test_a_file_that_is_no_file() {
  refuses_filter missing.bpf "missing.bpf: cannot be read: No such file or directory"
  refuses_filter . ".: is a directory, expected a file"
  refuses_filter ./- "./-: cannot be read: No such file or directory"
  refuses_filter /dev/null "/dev/null: is empty, expected a filter"
}

test_a_file_that_is_too_large() {
  local limit=49975
  refuses_filter /dev/zero "/dev/zero: is larger than $limit bytes, the most that a filter may have"
  head -c $((limit + 1)) /dev/zero >large
  refuses_filter large "large: is larger than $limit bytes, the most that a filter may have"
  head -c 40000 /dev/zero >long
  refuses_filter long "long: has 5000 instructions, a filter may have 4096"
}

test_a_file_that_others_may_write() {
  cp "$FILES/good.bpf" open.bpf
  chmod 666 open.bpf
  run "$SANDBOX_RUN" --bpf open.bpf -- "$TEST_BIN/call" uname
  assert_status 0
  if is_root; then
    assert_file_is err "sandbox-run: warning: open.bpf: users other than root may write this filter"
  else
    assert_file_is err ""
  fi
  run "$SANDBOX_RUN" -q --bpf open.bpf -- "$TEST_BIN/call" uname
  assert_file_is err ""
}

test_dry_run() {
  cp "$FILES/good.bpf" "$FILES/good.raw" .
  run "$SANDBOX_RUN" --dry-run --bpf good.bpf
  assert_status 0
  assert_file_is err ""
  mv out compiled
  grep -q '^filter:   [0-9]* ranges of numbers, [0-9]* instructions$' compiled || report "expected the filter's size"
  head -n 2 compiled >first_lines
  assert_file_is first_lines "file:     good.bpf, compiled from good.yml
ABI:      $ABI; any other kills the process"
  # The program is the one that the policy is compiled to; raw, it is all that is there.
  run "$SANDBOX_RUN" --dry-run --bpf good.raw -- "$TEST_BIN/call"
  assert_status 0
  head -n 3 out >first_lines
  assert_file_is first_lines "file:     good.raw, raw BPF
program:  $TEST_BIN/call
ABI:      unknown; raw BPF does not say"
  [ "$(sed '1,/^$/d' out)" = "$(sed '1,/^$/d' compiled)" ] || fail "the two listings differ"
}

test_dry_run_of_a_filter_with_a_token() {
  cp "$FILES/strict.bpf" .
  run "$SANDBOX_RUN" --dry-run --log --bpf strict.bpf
  assert_status 0
  grep -q '^filter:   [0-9]* ranges of numbers, [0-9]* instructions, with an exec token (drawn at the launch, zeros here)$' out ||
    report "expected the filter's size and the token"
  grep -qx 'flags:    log' out || report "expected the flag"
  raw "$RET 0 0 $ERRNO+1" >deny.raw
  run "$SANDBOX_RUN" --dry-run --bpf deny.raw
  assert_status 0
  head -n 3 out >first_lines
  assert_file_is first_lines "file:     deny.raw, raw BPF
ABI:      unknown; raw BPF does not say
filter:   44 instructions, the first 43 by sandbox-run, with an exec token (drawn at the launch, zeros here)"
}

test_verbose() {
  cp "$FILES/good.bpf" .
  raw "$RET 0 0 $ALLOW" >allow.raw
  raw "$LD 0 0 $NR" "$JEQ 0 1 $NR_EXECVE" "$RET 0 0 $ERRNO+1" "$RET 0 0 $ALLOW" >no_exec.raw
  run "$SANDBOX_RUN" -v --bpf allow.raw -- "$TEST_BIN/call" getpid
  assert_status 0
  assert_file_is err "sandbox-run: info: starting '$TEST_BIN/call' under allow.raw: 1 instructions"
  run "$SANDBOX_RUN" -v --bpf no_exec.raw -- "$TEST_BIN/call" getpid
  assert_status 0
  assert_file_is err \
    "sandbox-run: info: starting '$TEST_BIN/call' under no_exec.raw: 45 instructions, the first 41 by sandbox-run"
  run "$SANDBOX_RUN" -v --bpf good.bpf -- "$TEST_BIN/call" getpid
  assert_status 0
  grep -Eqx "sandbox-run: info: starting '$TEST_BIN/call' under good.bpf: [0-9]+ ranges of numbers, [0-9]+ instructions" err ||
    report "expected the filter's size"
}

test_flags_of_the_policy_are_in_the_file() {
  sed 's/^seccomp:/&\n  flags: [tsync, log, spec_allow]/' "$FILES/good.yml" >flags.yml
  "$TEST_BIN/make_filter" flags.yml flags.bpf
  run "$SANDBOX_RUN" --dry-run --bpf flags.bpf
  assert_status 0
  grep -qx 'flags:    log, spec_allow, tsync' out || report "expected the flags"
  enforces --bpf flags.bpf
}

test_options_that_are_about_policies() {
  local file=$FILES/good.bpf
  refuses "sandbox-run: error: '--cap' cannot be used together with '--bpf': a filter is compiled already" \
    --bpf "$file" --cap none
  refuses "sandbox-run: error: '--kernel-widths' cannot be used together with '--bpf': a filter is compiled already" \
    --kernel-widths --bpf "$file"
  local together="'--bpf' cannot be used together with '--policy' and '--profile': a filter is complete"
  refuses "sandbox-run: error: $together" --bpf "$file" --policy "$FILES/good.yml"
  refuses "sandbox-run: error: $together" --profile default --bpf "$file"
  refuses "sandbox-run: error: option '--bpf' is given more than once" --bpf "$file" --bpf "$file"
}

test_policies_are_no_filters_and_filters_no_policies() {
  cp "$FILES/good.yml" "$FILES/good.bpf" "$FILES/good.raw" .
  refuses_filter good.yml "good.yml: is neither a filter file nor raw BPF; policies are given by --policy"
  refuses_filter "$TEST_BIN/call" "$TEST_BIN/call: is larger than 49975 bytes, the most that a filter may have"
  run "$SANDBOX_RUN" --policy good.bpf -- "${TARGET[@]}"
  assert_status 125
  assert_target_has_not_run
  run "$SANDBOX_RUN" --policy good.raw -- "${TARGET[@]}"
  assert_status 125
  assert_target_has_not_run
}

run_tests
