# The page of old calls (time, 201), and int $0x80 (getpid of x86 is 20).
# gcc -no-pie -static: time x86:getpid
  .globl _start
  .text
_start:
  xor %edi, %edi
  mov $0xffffffffff600400, %rax
  call *%rax
  mov $20, %eax
  int $0x80
  mov $60, %eax
  syscall
  hlt
