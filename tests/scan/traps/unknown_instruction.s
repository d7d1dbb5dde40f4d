# An instruction that no table here has (REX2, of processors to come): what follows is not known.
# gcc -no-pie -static: unknown
  .globl _start
  .text
_start:
  .cfi_startproc
  .byte 0xd5, 0x10, 0x01, 0xc0
  mov $39, %eax
  syscall
  mov $60, %eax
  syscall
  hlt
  .cfi_endproc
