// A process tree, read from /proc: one pass finds the descendants of a process and signals them.
#include "tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct entry {
  pid_t pid;
  pid_t parent;
  pid_t group;
  char state;
  signed char verdict;  // 0 unknown, 1 descendant, -1 not
  uint64_t start_ticks;
};

// Reads /proc/PID/stat; false when the process is gone. The name may hold anything, so fields count from its last ')'.
static bool read_entry(int proc, pid_t pid, struct entry *entry) {
  char path[32], text[1024];
  snprintf(path, sizeof path, "%d/stat", pid);
  int fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  ssize_t length = read(fd, text, sizeof text - 1);
  close(fd);
  if (length <= 0) return false;
  text[length] = 0;
  const char *rest = strrchr(text, ')');
  unsigned long long ticks;
  if (!rest || sscanf(rest + 1, " %c %d %d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu",
                      &entry->state, &entry->parent, &entry->group, &ticks) != 4)
    return false;
  entry->pid = pid;
  entry->verdict = 0;
  entry->start_ticks = ticks;
  return true;
}

static int by_pid(const void *left, const void *right) {
  pid_t a = ((const struct entry *)left)->pid, b = ((const struct entry *)right)->pid;
  return (a > b) - (a < b);
}

static struct entry *find(struct entry *entries, size_t count, pid_t pid) {
  struct entry key = {.pid = pid};
  return bsearch(&key, entries, count, sizeof *entries, by_pid);
}

// Climbs from an entry to the root (a descendant), to a spared process, or until there is no parent in the table (not
// one), and marks what it passed: only that. The root and what is above it are never marked, whatever their pids are:
// pids wrap around, so a child's may be smaller than its parent's.
static bool is_descendant(struct entry *entries, size_t count, struct entry *entry, const struct tree_visit *visit) {
  signed char verdict = 0;
  struct entry *step = entry;
  for (size_t height = 0; !verdict; height++) {
    for (size_t i = 0; i < visit->spared_count; i++)
      if (step->pid == visit->spared[i]) verdict = -1;
    if (!verdict) verdict = step->verdict;
    if (!verdict && step->parent == visit->root) verdict = 1;
    if (verdict) break;
    struct entry *parent = find(entries, count, step->parent);
    if (!parent || height == count) verdict = -1;
    else step = parent;
  }
  for (struct entry *passed = entry;; passed = find(entries, count, passed->parent)) {
    passed->verdict = verdict;
    if (passed == step) return verdict > 0;
  }
}

// The pidfd is opened before the start time is compared, so it can't belong to a process that took the pid over.
static bool send_to(int proc, const struct entry *entry, int signal) {
  int pidfd = jarvis_pidfd_open(entry->pid);
  if (pidfd == -ENOSYS) return kill(entry->pid, signal) == 0;
  if (pidfd < 0) return false;
  struct entry now;
  bool sent = read_entry(proc, entry->pid, &now) && now.start_ticks == entry->start_ticks &&
              jarvis_pidfd_send_signal(pidfd, signal) == 0;
  close(pidfd);
  return sent;
}

// Kills the whole process group of a child of the caller with one call that no fork escapes, where a walk would have
// to chase a fork bomb. Nobody but the caller can reap its child, dead or alive, so the group's number can't have
// passed to strangers; and a tree's groups hold nobody else, since it began with a session of its own.
static void kill_group(const struct entry *entry, const struct tree_visit *visit) {
  if (visit->signal == SIGKILL && visit->root == getpid() && entry->parent == visit->root && entry->group > 1 &&
      entry->group != getpgrp())
    kill(-entry->group, SIGKILL);
}

int tree_signal(const struct tree_visit *visit) {
  DIR *directory = opendir("/proc");
  if (!directory) return -errno;
  int proc = dirfd(directory);
  struct entry *entries = NULL;
  size_t count = 0, capacity = 0;
  for (struct dirent *item; (item = readdir(directory));) {
    pid_t pid = (pid_t)atoi(item->d_name);
    if (pid <= 0) continue;
    if (count == capacity) {
      capacity = capacity ? capacity * 2 : 256;
      struct entry *larger = realloc(entries, capacity * sizeof *entries);
      if (!larger) break;  // what was found so far is dealt with; the next pass finds the rest
      entries = larger;
    }
    if (read_entry(proc, pid, &entries[count])) count++;
  }
  if (entries) qsort(entries, count, sizeof *entries, by_pid);
  int signalled = 0;
  for (size_t i = 0; i < count; i++) {
    struct entry *entry = &entries[i];
    if (entry->pid == visit->root || !is_descendant(entries, count, entry, visit)) continue;
    kill_group(entry, visit);
    if (entry->state == 'Z' || entry->state == 'X') continue;
    if (visit->only_unstopped && entry->state == 'T') continue;
    if (send_to(proc, entry, visit->signal)) signalled++;
  }
  free(entries);
  closedir(directory);
  return signalled;
}

int jarvis_kill_descendants(pid_t root, const pid_t *spared, size_t spared_count) {
  struct tree_visit visit = {.root = root, .spared = spared, .spared_count = spared_count, .signal = SIGKILL};
  return tree_signal(&visit);
}
