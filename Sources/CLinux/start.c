// Starting a child, straight into its cgroup and without copying the caller's memory.
#include "internal.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef CLONE_CLEAR_SIGHAND
#define CLONE_CLEAR_SIGHAND 0x100000000ULL
#endif
#ifndef CLONE_INTO_CGROUP
#define CLONE_INTO_CGROUP 0x200000000ULL
#endif
#ifndef SYS_clone3
#define SYS_clone3 435
#endif

// The kernel's struct clone_args (include/uapi/linux/sched.h), version 2.
struct clone3_arguments {
  uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid, set_tid_size, cgroup;
};

// What the child writes and the parent reads after it was released: the same memory in both.
struct child {
  const struct jarvis_spawn *spawn;
  volatile int stage;
  volatile int error;
};

static long failed_at(struct child *child, enum jarvis_stage stage) {
  child->error = errno;
  child->stage = stage;
  return 127;
}

// Runs in the child, perhaps in the parent's memory while the parent is suspended: system calls only, no allocation,
// nothing of the parent's is changed but `child`.
static long child_main(void *argument) {
  struct child *child = argument;
  const struct jarvis_spawn *spawn = child->spawn;
  if (!spawn->executable) return 0;

  if (setsid() < 0) return failed_at(child, JARVIS_STAGE_PREPARE);
  if (spawn->parent_death_signal && prctl(PR_SET_PDEATHSIG, spawn->parent_death_signal, 0, 0, 0) < 0)
    return failed_at(child, JARVIS_STAGE_PREPARE);
  if ((spawn->cwd_fd >= 0 && fchdir(spawn->cwd_fd) < 0) ||
      (spawn->cwd_fd < 0 && spawn->cwd && chdir(spawn->cwd) < 0))
    return failed_at(child, JARVIS_STAGE_CWD);
  if (dup2(spawn->stdin_fd, 0) < 0 || dup2(spawn->stdout_fd, 1) < 0 || dup2(spawn->stderr_fd, 2) < 0)
    return failed_at(child, JARVIS_STAGE_PREPARE);
  // Descriptors are close-on-exec already: this is for kernels' and libraries' surprises, so ENOSYS is no failure.
  jarvis_close_from(3);
  for (size_t i = 0; i < spawn->rlimit_count; i++) {
    struct rlimit limit;
    int resource = spawn->rlimits[i].resource;
    if (getrlimit(resource, &limit) < 0) return failed_at(child, JARVIS_STAGE_PREPARE);
    if (spawn->rlimits[i].soft < limit.rlim_max) limit.rlim_cur = spawn->rlimits[i].soft;
    else limit.rlim_cur = limit.rlim_max;
    if (setrlimit(resource, &limit) < 0) return failed_at(child, JARVIS_STAGE_PREPARE);
  }
  if (spawn->oom_score_adj != JARVIS_OOM_KEEP) jarvis_set_oom_score_adj(spawn->oom_score_adj);
  sigset_t none;
  sigemptyset(&none);
  if (sigprocmask(SIG_SETMASK, &none, NULL) < 0) return failed_at(child, JARVIS_STAGE_PREPARE);
  execve(spawn->executable, spawn->argv, spawn->envp);
  return failed_at(child, JARVIS_STAGE_EXEC);
}

#if defined(__x86_64__) || defined(__aarch64__)
#define HAVE_VFORK_STYLE 1
// Enough for child_main and a signal frame; only touched pages are resident.
static char child_stack[64 * 1024] __attribute__((aligned(64)));

// clone3 whose child runs `function(argument)` on the new stack and then exits with what it returned. Must not be
// inlined into C that returns in the child: the child never leaves this assembly.
static __attribute__((noinline)) long clone3_call(struct clone3_arguments *arguments, long (*function)(void *),
                                                  void *argument) {
#if defined(__x86_64__)
  long result;
  register long (*r8)(void *) __asm__("r8") = function;
  register void *r9 __asm__("r9") = argument;
  __asm__ volatile(
      "syscall\n\t"
      "test %%rax, %%rax\n\t"
      "jnz 1f\n\t"
      "xor %%ebp, %%ebp\n\t"  // the outermost frame
      "mov %%r9, %%rdi\n\t"
      "call *%%r8\n\t"
      "mov %%eax, %%edi\n\t"
      "mov %[exit], %%eax\n\t"
      "syscall\n\t"
      "hlt\n"
      "1:"
      : "=a"(result)
      : "a"((long)SYS_clone3), "D"(arguments), "S"(sizeof *arguments), "r"(r8), "r"(r9), [exit] "i"(SYS_exit_group)
      : "rcx", "r11", "memory", "cc");
  return result;
#else
  register long x8 __asm__("x8") = SYS_clone3;
  register long x0 __asm__("x0") = (long)arguments;
  register long x1 __asm__("x1") = sizeof *arguments;
  register long (*x10)(void *) __asm__("x10") = function;
  register void *x11 __asm__("x11") = argument;
  __asm__ volatile(
      "svc #0\n\t"
      "cbnz x0, 1f\n\t"
      "mov x29, xzr\n\t"  // the outermost frame
      "mov x0, x11\n\t"
      "blr x10\n\t"
      "mov x8, %[exit]\n\t"
      "svc #0\n\t"
      "brk #1\n"
      "1:"
      : "+r"(x0)
      : "r"(x1), "r"(x8), "r"(x10), "r"(x11), [exit] "i"(SYS_exit_group)
      : "memory", "cc");
  return x0;
#endif
}
#endif

// Copies the caller, which is suspended all the same (CLONE_VFORK) until the child has loaded its program.
static long clone_copy(struct clone3_arguments *arguments, struct child *child) {
  arguments->flags &= ~(uint64_t)CLONE_VM;
  arguments->stack = arguments->stack_size = 0;
  long pid = syscall(SYS_clone3, arguments, sizeof *arguments);
  if (pid < 0 && errno == ENOSYS && !(arguments->flags & CLONE_INTO_CGROUP)) {
    // Some sandboxes forbid clone3, whose flags they can't see. Handlers are the default in this process anyway.
    pid = syscall(SYS_clone, CLONE_VFORK | SIGCHLD, 0, 0, 0, 0);
  }
  if (pid == 0) _exit((int)child_main(child));
  return pid < 0 ? -errno : pid;
}

int jarvis_start(const struct jarvis_spawn *spawn, struct jarvis_spawned *out) {
  *out = (struct jarvis_spawned){.pid = 0, .pidfd = -1, .stage = JARVIS_STAGE_NONE, .error = 0};
  struct clone3_arguments arguments = {
      .flags = CLONE_VM | CLONE_VFORK | CLONE_CLEAR_SIGHAND,
      .exit_signal = SIGCHLD,
  };
  if (spawn->cgroup_fd >= 0) {
    arguments.flags |= CLONE_INTO_CGROUP;
    arguments.cgroup = (uint64_t)spawn->cgroup_fd;
  }

  struct child local = {.spawn = spawn};
  struct child *child = &local;
  long pid = -ENOSYS;
#ifdef HAVE_VFORK_STYLE
  arguments.stack = (uint64_t)(uintptr_t)child_stack;
  arguments.stack_size = sizeof child_stack;
  pid = clone3_call(&arguments, child_main, child);
#endif
  struct child *shared = MAP_FAILED;
  if (pid == -ENOSYS) {
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED) {
      pid = -errno;
    } else {
      child = shared;
      child->spawn = spawn;
      pid = clone_copy(&arguments, child);
    }
  }

  if (pid < 0) {
    out->stage = JARVIS_STAGE_CLONE;
    out->error = (int)-pid;
  } else if (child->stage != JARVIS_STAGE_NONE) {
    out->stage = child->stage;
    out->error = child->error;
    while (waitpid((pid_t)pid, NULL, 0) < 0 && errno == EINTR) {
    }
  } else {
    out->pid = (pid_t)pid;
    // The child can't be gone before this process reaps it, so the pid is still its own.
    if (spawn->want_pidfd) out->pidfd = jarvis_pidfd_open(out->pid);
  }
  if (shared != MAP_FAILED) munmap(shared, sizeof *shared);
  return -out->error;
}
