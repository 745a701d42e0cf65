// A process tree, read from /proc.
#pragma once
#include "internal.h"

/// What to do with the processes of a tree.
struct tree_visit {
  pid_t root;              // not visited itself
  const pid_t *spared;     // trees that are left out
  size_t spared_count;
  int signal;              // sent to each visited process; 0 only counts
  bool only_unstopped;     // leave out those that are stopped already
};

/// One pass. Returns how many living descendants were signalled, or -errno.
int tree_signal(const struct tree_visit *visit);
