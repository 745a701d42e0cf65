// What the files of this module share.
#pragma once
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <errno.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "CLinux.h"

static inline int result_or_errno(long result) { return result < 0 ? -errno : (int)result; }

static inline void fill_exit(struct jarvis_exit *out, pid_t pid, int status, const struct rusage *usage) {
  out->pid = pid;
  out->signalled = WIFSIGNALED(status);
  out->code = out->signalled ? WTERMSIG(status) : WEXITSTATUS(status);
  out->core_dumped = out->signalled && WCOREDUMP(status);
  out->user_us = (uint64_t)usage->ru_utime.tv_sec * 1000000 + (uint64_t)usage->ru_utime.tv_usec;
  out->system_us = (uint64_t)usage->ru_stime.tv_sec * 1000000 + (uint64_t)usage->ru_stime.tv_usec;
  out->maxrss = (uint64_t)usage->ru_maxrss * 1024;
}
