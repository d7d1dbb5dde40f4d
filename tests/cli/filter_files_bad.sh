#!/bin/bash
# --bpf: filter files that are damaged, raw BPF that must not be installed, programs of another ABI.
. "$(dirname "$0")/filter_files_lib.sh"

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
