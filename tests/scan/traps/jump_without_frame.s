# Assembly that tells the unwinder nothing, as GMP's: the jump's target was put into a register long before. With the
# symbol all of the function counts as reached; without it the jump is not known.
# gcc -static: getpid
# gcc -static -s: unknown
.globl _start
.type _start, @function
_start:
  lea 1f(%rip), %r14
  mov %r14, %r13
  xor %r14, %r14
  .rept 30
  nop
  .endr
  add %r13, %r14
  mov %r14, %r15
  .rept 30
  nop
  .endr
  jmp *%r15
  ud2
1:
  call own
  call leave
  ud2
.size _start, . - _start
own:
  mov $39, %eax
  syscall
  ret
leave:
  mov $60, %eax
  syscall
  ud2
