# Numbers that are made in ways of their own.
# gcc -no-pie -static: alarm getegid geteuid getgid getpid getppid gettid getuid pause sync umask
  .globl _start
  .text
  .type _start, @function
_start:
  .cfi_startproc
  xor %eax, %eax        # 0, and its low byte: getpid
  mov $39, %al
  syscall
  xor %ecx, %ecx        # getuid
  lea 102(%rcx), %eax
  syscall
  mov $200, %eax        # getgid
  sub $96, %eax
  syscall
  push $107             # geteuid
  pop %rax
  syscall
  mov constant(%rip), %eax   # getegid
  syscall
  mov constant+8, %eax       # getppid
  syscall
  mov $0xa3, %eax       # sync
  dec %eax
  syscall
  mov $~186, %eax       # gettid
  xor $-1, %eax
  syscall
  movzbl byte(%rip), %eax    # umask
  syscall
  push $37              # alarm
  mov (%rsp), %eax
  pop %rdx
  syscall
  mov $17, %eax         # pause
  shl $1, %eax
  syscall
  mov $60, %eax
  syscall
  hlt
  .cfi_endproc
  .section .rodata
  .balign 8
constant: .quad 108, 110
byte: .byte 95
