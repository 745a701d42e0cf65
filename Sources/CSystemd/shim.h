// libsystemd, and the C that Swift's Glibc module does not show.
#pragma once

#include <stdint.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/vfs.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-journal.h>

// The f_type of the file system that holds `path` (statfs(2)), or -1 with errno. A function because `statfs` is a
// struct and a function of one name, which Swift cannot tell apart.
static inline int64_t jarvis_filesystem_type(const char *path) {
  struct statfs answer;
  if (statfs(path, &answer) != 0) return -1;
  return (int64_t)answer.f_type;
}

// Names the calling thread for ps and top, at most 15 bytes (prctl(2) is variadic, which Swift cannot call).
static inline void jarvis_name_thread(const char *name) { prctl(PR_SET_NAME, name, 0, 0, 0); }
