# A comparison that was made of another value: a call between it and the switch changes the register.
# gcc -no-pie -static: getegid geteuid getgid getpid
  .globl _start
  .text
  .type _start, @function
_start:
  .cfi_startproc
  cmpl $1, %eax
  ja 9f
  call result
  jmp *table(,%rax,8)
0: mov $39, %eax
  syscall
  jmp 9f
1: mov $104, %eax
  syscall
  jmp 9f
2: mov $107, %eax
  syscall
  jmp 9f
3: mov $108, %eax
  syscall
9: mov $60, %eax
  syscall
  hlt
  .cfi_endproc
  .type result, @function
result:
  .cfi_startproc
  mov $3, %eax
  ret
  .cfi_endproc
  .section .rodata
  .balign 8
table: .quad 0b, 1b, 2b, 3b
