#!/bin/bash
# --bpf: filter files of our own and raw BPF, good and bad ones.
. "$(dirname "$0")/lib.sh"
. "$KERNEL_TESTS/raw_bpf.sh"
if [ -z "$OWN_ARCH" ]; then
  echo "skipped: the numbers of this machine's calls are not known here"
  exit 77
fi

ABI=$(uname -m)
FILES=$PWD
printf '%s\n' "$GOOD_POLICY" >"$FILES/good.yml"
(cd "$FILES" && "$TEST_BIN/make_filter" good.yml good.bpf && "$TEST_BIN/make_filter" good.yml good.raw --raw)
write_policy "$FILES/strict.yml" kill_process "allow read"
(cd "$FILES" && "$TEST_BIN/make_filter" strict.yml strict.bpf)

# refuses_filter FILE MESSAGE: the one error is about the file.
refuses_filter() { refuses "sandbox-run: error: $2" --bpf "$1"; }

# --- Where a filter can come from ---

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
  refuses_filter - "-: cannot be read: No such file or directory; standard input is /dev/stdin"
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

# --- What is said of one ---

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

# --- What does not go together ---

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

# --- Filter files that are not whole ---

test_damage() {
  local size name=damaged.bpf
  size=$(stat -c %s "$FILES/good.bpf")
  head -c 30 "$FILES/good.bpf" >$name
  refuses_filter $name "$name: is a damaged filter file: it has 30 bytes, and the header alone takes more"
  head -c 100 "$FILES/good.bpf" >$name
  refuses_filter $name "$name: is a damaged filter file: it is cut short, to 100 bytes of $size"
  { cat "$FILES/good.bpf" && echo; } >$name
  refuses_filter $name "$name: is a damaged filter file: its header says $size bytes, found $((size + 1))"
  sed 's/\r$//' "$FILES/good.bpf" >$name # As a transfer of text does.
  refuses_filter $name "$name: is a damaged filter file: its first eight bytes are others"
  cp "$FILES/good.bpf" $name
  printf '\1' | dd of=$name bs=1 seek=8 conv=notrunc 2>/dev/null
  refuses_filter $name "$name: has version 1 of the filter format, expected 2: compile the policy again"
}

# What the unit tests try with every bit, here with the launcher.
test_damage_is_never_a_run() {
  local at size name=damaged.bpf byte
  size=$(stat -c %s "$FILES/strict.bpf")
  for ((at = 0; at < size; at += 7)); do
    cp "$FILES/strict.bpf" $name
    byte=$(od -An -tu1 -j "$at" -N 1 $name | tr -d ' ')
    printf '%b' "$(printf '\\x%02x' $((byte ^ 4)))" | dd of=$name bs=1 seek="$at" conv=notrunc 2>/dev/null
    run "$SANDBOX_RUN" --bpf $name -- "${TARGET[@]}"
    assert_status 125
    assert_stderr_is_one_line
    assert_stderr_has "sandbox-run: error: $name: "
    assert_target_has_not_run
  done
}

test_a_filter_for_another_launcher() {
  local other=s390x
  write_policy strict.yml kill_process "allow read"
  "$TEST_BIN/make_filter" strict.yml other.bpf --launcher "$other"
  refuses_filter other.bpf "other.bpf: is for a sandbox-run on $other, and this one is on $ABI"
}

# --- Raw BPF that is not to be installed ---

test_raw_bpf_that_is_no_program() {
  printf 'abc' >text
  refuses_filter text "text: is neither a filter file nor raw BPF; policies are given by --policy"
  { raw "$RET 0 0 $ALLOW" && printf '\0\0\0\0'; } >odd.raw
  refuses_filter odd.raw "odd.raw: has 12 bytes; raw BPF has 8 for each instruction"
  raw "$LD 0 0 $NR" "$JEQ 0 5 $NR_UNAME" "$RET 0 0 $ALLOW" >jump.raw
  refuses_filter jump.raw "jump.raw: instruction 1: the jump leaves the program"
  raw "$LD 0 0 $NR" >open.raw
  refuses_filter open.raw "open.raw: instruction 0: the last instruction is not a return"
  raw "0x28 0 0 0" "$RET 0 0 $ALLOW" >packet.raw
  refuses_filter packet.raw "packet.raw: instruction 0: the code is not one that seccomp allows"
}

test_raw_bpf_that_returns_what_it_must_not() {
  raw "$LD 0 0 $NR" "$JEQ 0 1 $NR_UNAME" "$RET 0 0 $ERRNO" "$RET 0 0 $ALLOW" >done.raw
  refuses_filter done.raw "done.raw: instruction 2: it returns errno 0, which makes a denied call look done"
  raw "$LD 0 0 $NR" "$JEQ 0 1 $NR_UNAME" "$RET 0 0 $ERRNO+4096" "$RET 0 0 $ALLOW" >large.raw
  refuses_filter large.raw "large.raw: instruction 2: it returns errno 4096, expected at most 4095"
  raw "$LD 0 0 $NR" "$JEQ 0 1 $NR_UNAME" "$RET 0 0 $NOTIFY" "$RET 0 0 $ALLOW" >notify.raw
  refuses_filter notify.raw "notify.raw: instruction 2: it returns user_notif, and there is no supervisor to notify"
  raw "$LD_IMM 0 0 $ALLOW" "$RET_A 0 0 0" >accumulator.raw
  refuses_filter accumulator.raw "accumulator.raw: instruction 1: it returns A, and what that is cannot be told"
  raw "$RET 0 0 0x12340000" >unknown.raw
  refuses_filter unknown.raw "unknown.raw: instruction 0: it returns 0x12340000, which is no action of seccomp(2)"
}

test_raw_bpf_without_room_for_the_token() {
  local i
  raw "$RET 0 0 $KILL" >full.raw
  for ((i = 0; i < 12; ++i)); do
    cat full.raw full.raw >twice && mv twice full.raw
  done
  refuses_filter full.raw "full.raw: has 4096 instructions, and with the 30 that let sandbox-run execute the program more \
than the 4096 that a filter may have"
}

# --- Programs of another ABI ---

# A file that begins as a 32-bit program for x86 does. It is not run.
program_for_x86() {
  printf '\177ELF\1\1\1\0\0\0\0\0\0\0\0\0\2\0\3\0\1\0\0\0%032d' 0 | tr 0 '\0' >"$1"
  chmod 755 "$1"
}

test_a_program_that_the_filter_does_not_cover() {
  [ "$ABI" = x86_64 ] || skip "needs a machine with two ABIs"
  program_for_x86 agent32
  expect_failure 125 "'./agent32' is a program for x86, which $FILES/good.bpf does not cover; list x86 in the \
'architectures' of its policy, and compile that again" "$SANDBOX_RUN" --bpf "$FILES/good.bpf" ./agent32
  sed 's/^seccomp:/&\n  architectures: [x86_64, x86]/' "$FILES/strict.yml" >both.yml
  "$TEST_BIN/make_filter" both.yml both.bpf
  run "$SANDBOX_RUN" --dry-run --bpf both.bpf ./agent32
  assert_status 0
  assert_file_is err ""
  grep -qx 'ABI:      x86_64, x86; any other kills the process' out || report "expected two ABIs"
  # What raw BPF covers is not known.
  run "$SANDBOX_RUN" --dry-run --bpf "$FILES/good.raw" ./agent32
  assert_status 0
  assert_file_is err ""
}

run_tests
