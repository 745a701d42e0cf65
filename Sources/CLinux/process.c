// Processes: pidfds, reaping, and what a process says about itself.
#include "internal.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#ifndef P_PIDFD
#define P_PIDFD 3
#endif
#ifndef CGROUP2_SUPER_MAGIC
#define CGROUP2_SUPER_MAGIC 0x63677270
#endif

int jarvis_pidfd_open(pid_t pid) { return result_or_errno(syscall(SYS_pidfd_open, pid, 0)); }

int jarvis_pidfd_send_signal(int pidfd, int signal) {
  return result_or_errno(syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0));
}

int jarvis_wait_pidfd(int pidfd, bool block, struct jarvis_exit *out) {
  siginfo_t info;
  struct rusage usage;
  // The raw call has a fifth argument, the usage, that glibc's wrapper leaves out.
  for (;;) {
    memset(&info, 0, sizeof info);
    if (syscall(SYS_waitid, P_PIDFD, pidfd, &info, WEXITED | (block ? 0 : WNOHANG), &usage) == 0) break;
    if (errno != EINTR) return -errno;
  }
  if (info.si_pid == 0) return 0;
  fill_exit(out, info.si_pid, 0, &usage);
  out->signalled = info.si_code == CLD_KILLED || info.si_code == CLD_DUMPED;
  out->core_dumped = info.si_code == CLD_DUMPED;
  out->code = info.si_status;
  return 1;
}

int jarvis_reap_any(struct jarvis_exit *out) {
  int status;
  struct rusage usage;
  pid_t pid;
  do pid = wait4(-1, &status, WNOHANG, &usage);
  while (pid < 0 && errno == EINTR);
  if (pid < 0) return -errno;
  if (pid > 0) fill_exit(out, pid, status, &usage);
  return pid;
}

int jarvis_set_child_subreaper(void) { return result_or_errno(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)); }

int jarvis_set_oom_score_adj(int score) {
  char text[16];
  int length = snprintf(text, sizeof text, "%d", score);
  int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  if (fd < 0) return -errno;
  int result = write(fd, text, (size_t)length) < 0 ? -errno : 0;
  close(fd);
  return result;
}

void jarvis_reset_signals(void) {
  // Not through glibc, which refuses to touch 32 and 33: GNU make leaves those two ignored in all that it starts. The
  // layout is the kernel's (include/linux/signal_types.h); all zero is SIG_DFL.
  struct {
    void *handler;
    unsigned long flags;
    void *restorer;
    unsigned long mask;
  } action = {0};
  for (int number = 1; number < NSIG; number++) syscall(SYS_rt_sigaction, number, &action, NULL, sizeof action.mask);
}

int jarvis_close_from(unsigned first) {
  if (syscall(SYS_close_range, first, ~0U, 0) < 0 && errno != ENOSYS) return -errno;
  return 0;
}

int jarvis_raise_file_limit(uint64_t *old_soft) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) < 0) return -errno;
  *old_soft = limit.rlim_cur;
  limit.rlim_cur = limit.rlim_max;
  return result_or_errno(setrlimit(RLIMIT_NOFILE, &limit));
}

int jarvis_openat(int directory, const char *path, int flags, mode_t mode) {
  return result_or_errno(openat(directory, path, flags | O_CLOEXEC, mode));
}

int jarvis_is_cgroup2(const char *path) {
  struct statfs info;
  if (statfs(path, &info) < 0) return -errno;
  return (unsigned long)info.f_type == CGROUP2_SUPER_MAGIC;
}

void jarvis_release_memory(void) {
#ifdef __GLIBC__
  malloc_trim(0);
#endif
}
