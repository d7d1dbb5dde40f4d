# Raw BPF, instruction by instruction, for the tests of filter files.
# shellcheck shell=bash

# Codes of <linux/filter.h>, put together.
LD=0x20 LD_IMM=0x00 LDX_IMM=0x01 TXA=0x87 AND=0x54 JEQ=0x15 RET=0x06 RET_A=0x16
ALLOW=0x7fff0000 LOG=0x7ffc0000 NOTIFY=0x7fc00000 ERRNO=0x00050000 KILL=0x80000000
NR=0 ARCH=4
case $(uname -m) in
  x86_64) OWN_ARCH=0xc000003e NR_EXECVE=59 NR_UNAME=63 ;;
  aarch64) OWN_ARCH=0xc00000b7 NR_EXECVE=221 NR_UNAME=160 ;;
  *) OWN_ARCH= ;;
esac

# raw "CODE JT JF K"...: the instructions on standard output, little-endian as this machine has it.
raw() {
  local instruction code jt jf k bytes=
  [ "$(printf '\1\0' | od -An -tu2 | tr -d ' ')" = 1 ] || skip "the tests write raw BPF for little-endian machines"
  for instruction in "$@"; do
    read -r code jt jf k <<<"$instruction"
    bytes+=$(printf '\\x%02x' $((code & 255)) $((code >> 8)) "$jt" "$jf" \
      $((k & 255)) $((k >> 8 & 255)) $((k >> 16 & 255)) $((k >> 24 & 255)))
  done
  printf '%b' "$bytes"
}
