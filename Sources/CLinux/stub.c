// The stub: without cgroups, one small parent for each agent that none of its descendants can leave.
#include "tree.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

// Longest time that a report waits for descendants that don't die (in uninterruptible sleep, say).
#define REPORT_PATIENCE_MS 10000

struct stub {
  pid_t warden;
  pid_t main;
  int pipe;
  bool main_ended;
  bool killed;      // by command: what dies then was not left over
  bool reported;
  bool childless;
  struct jarvis_stub_report report;
};

static uint64_t clock_ns(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static int signal_tree(int signal, bool only_unstopped) {
  struct tree_visit visit = {.root = getpid(), .signal = signal, .only_unstopped = only_unstopped};
  return tree_signal(&visit);
}

// Reaps whatever has ended. The main process's own end is remembered with the time.
static void reap(struct stub *stub) {
  struct jarvis_exit ended;
  int pid;
  while ((pid = jarvis_reap_any(&ended)) > 0) {
    if (pid != stub->main || stub->main_ended) continue;
    stub->main_ended = true;
    stub->report.exit = ended;
    stub->report.ended_realtime_ms = (int64_t)(clock_ns(CLOCK_REALTIME) / 1000000);
    stub->report.ended_boottime_ns = clock_ns(CLOCK_BOOTTIME);
  }
  stub->childless = pid == -ECHILD;
}

static void report(struct stub *stub) {
  if (stub->reported) return;
  struct rusage usage;
  if (getrusage(RUSAGE_CHILDREN, &usage) == 0) {
    struct jarvis_exit all;
    fill_exit(&all, stub->main, 0, &usage);
    stub->report.exit.user_us = all.user_us;
    stub->report.exit.system_us = all.system_us;
    stub->report.exit.maxrss = all.maxrss;
  }
  // A pipe takes a record of this size whole, and a reader that is gone raises a blocked SIGPIPE.
  if (write(stub->pipe, &stub->report, sizeof stub->report) < 0) {
  }
  close(stub->pipe);
  stub->reported = true;
}

static void await_child(const sigset_t *signals, long milliseconds) {
  struct timespec timeout = {.tv_sec = milliseconds / 1000, .tv_nsec = milliseconds % 1000 * 1000000};
  sigtimedwait(signals, NULL, &timeout);
}

// Kills until no descendant is left, which only the kernel's "no children" proves. New processes may be made while a
// pass runs, so passes follow each other at once as long as they find work, more of them each round.
static void kill_all(struct stub *stub) {
  sigset_t child;
  sigemptyset(&child);
  sigaddset(&child, SIGCHLD);
  uint64_t began = clock_ns(CLOCK_BOOTTIME);
  // Among hundreds of processes that spin, the one that ends them needs its share; only root may take it.
  setpriority(PRIO_PROCESS, 0, -20);
  if (stub->main_ended && !stub->killed) {
    int alive = signal_tree(0, false);
    stub->report.leftover = alive > 0 ? (uint32_t)alive : 0;
  }
  for (int passes = 4; !stub->childless; passes = passes < 1024 ? passes * 2 : passes) {
    for (int pass = 0; pass < passes && signal_tree(SIGKILL, false) > 0; pass++) reap(stub);
    reap(stub);
    if (stub->childless) break;
    await_child(&child, 20);
    reap(stub);
    if (stub->main_ended && (clock_ns(CLOCK_BOOTTIME) - began) / 1000000 > REPORT_PATIENCE_MS) report(stub);
  }
}

// Stops everything; a pass that finds nothing new says that it has. Bounded, a fork bomb is for `kill`.
static void freeze(void) {
  for (int pass = 0; pass < 64; pass++)
    if (signal_tree(SIGSTOP, true) <= 0) return;
}

static void obey(struct stub *stub, int value) {
  int signal = value & 0xff;
  switch (value >> 8) {
    case JARVIS_STUB_SIGNAL_MAIN:
      if (!stub->main_ended) kill(stub->main, signal);
      break;
    case JARVIS_STUB_SIGNAL_ALL: signal_tree(signal, false); break;
    case JARVIS_STUB_KILL:
      stub->killed = true;
      kill_all(stub);
      break;
    case JARVIS_STUB_FREEZE: freeze(); break;
    case JARVIS_STUB_THAW: signal_tree(SIGCONT, false); break;
  }
}

static _Noreturn void serve(struct stub *stub) {
  sigset_t awaited;
  sigemptyset(&awaited);
  sigaddset(&awaited, SIGCHLD);
  sigaddset(&awaited, SIGTERM);
  sigaddset(&awaited, SIGRTMIN);
  for (;;) {
    reap(stub);
    if (stub->main_ended && !stub->childless) kill_all(stub);
    if (stub->childless) {
      if (stub->main_ended) report(stub);
      _exit(0);
    }
    siginfo_t info;
    int signal = sigwaitinfo(&awaited, &info);
    if (getppid() != stub->warden) {
      kill_all(stub);
      _exit(0);
    }
    if (signal == SIGRTMIN && info.si_code == SI_QUEUE && info.si_pid == stub->warden)
      obey(stub, info.si_value.sival_int);
  }
}

static _Noreturn void run_stub(const struct jarvis_spawn *spawn, pid_t warden, int pipe) {
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, NULL);
  prctl(PR_SET_NAME, "jarvis-stub", 0, 0, 0);
  prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0);
  setsid();
  jarvis_set_child_subreaper();

  struct stub stub = {.warden = warden, .pipe = pipe};
  struct jarvis_spawn own = *spawn;
  own.cgroup_fd = -1;
  own.want_pidfd = false;
  own.parent_death_signal = SIGKILL;
  struct jarvis_spawned started;
  if (getppid() != warden) _exit(1);  // died before PDEATHSIG was set
  jarvis_start(&own, &started);
  if (write(pipe, &started, sizeof started) != sizeof started || !started.pid) _exit(1);
  // The agent's files and the warden's sockets must not stay open here.
  if (pipe != 3) dup2(pipe, 3);
  stub.pipe = 3;
  jarvis_close_from(4);
  stub.main = started.pid;
  serve(&stub);
}

int jarvis_stub_start(const struct jarvis_spawn *spawn, struct jarvis_spawned *out, int *report_fd) {
  *out = (struct jarvis_spawned){.pid = 0, .pidfd = -1, .stage = JARVIS_STAGE_CLONE, .error = 0};
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) < 0) {
    out->error = errno;
    return -out->error;
  }
  pid_t warden = getpid();
  pid_t stub = fork();
  if (stub == 0) {
    close(ends[0]);
    run_stub(spawn, warden, ends[1]);
  }
  int error = stub < 0 ? errno : 0;
  close(ends[1]);
  if (stub > 0) {
    ssize_t length;
    do length = read(ends[0], out, sizeof *out);
    while (length < 0 && errno == EINTR);
    if (length != sizeof *out) {
      *out = (struct jarvis_spawned){.pid = 0, .pidfd = -1, .stage = JARVIS_STAGE_CLONE, .error = ECHILD};
    }
    error = out->pid ? 0 : out->error;
  } else {
    out->error = error;
  }
  if (error) {
    close(ends[0]);
    // The stub leaves by itself.
    if (stub > 0)
      while (waitpid(stub, NULL, 0) < 0 && errno == EINTR) {
      }
    return -error;
  }
  fcntl(ends[0], F_SETFL, O_NONBLOCK);
  *report_fd = ends[0];
  return stub;
}

int jarvis_stub_command(pid_t stub, enum jarvis_stub_command command, int signal) {
  union sigval value = {.sival_int = (int)command << 8 | (signal & 0xff)};
  return result_or_errno(sigqueue(stub, SIGRTMIN, value));
}
