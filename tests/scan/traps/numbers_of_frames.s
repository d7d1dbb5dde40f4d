# In a program at fixed addresses each number may be an address, but not those that only the unwinder reads, even if code
# holds the address of the frames, as that of crtbegin.o does.
# gcc -static -Wl,--no-eh-frame-hdr: getpid
.globl _start
_start:
  mov $frames, %rdi
  mov $39, %eax
  syscall
  mov $60, %eax
  syscall
  ud2
other:
  mov $110, %eax
  syscall
  ud2
.section .eh_frame, "a", @progbits
frames:
  .long 2f - 1f
1:
  .long 0
  .byte 1
  .asciz "z"
  .byte 1, 0x78, 16, 9, 0
  .quad other
  .byte 0, 0, 0
2:
  .long 0
