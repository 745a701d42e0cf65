/// The few system calls that Swift can't make: variadics, macros, calls that glibc 2.36 does not wrap, and a child
/// that must not run Swift between clone and exec.
///
/// Unless a comment says otherwise a function returns 0 or a positive value when it succeeds and -errno when it fails,
/// keeps no state, and may be called from any thread.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

// ---- Peers of a Unix socket -------------------------------------------------------------------------------------

/// Who connected the other end of a Unix socket (SO_PEERCRED), as it was at `connect`. The pid may have been reused
/// since; `jarvis_peer_pidfd` may not.
int jarvis_peer_credentials(int fd, pid_t *pid, uid_t *uid, gid_t *gid);

/// A pidfd (close-on-exec) of the process that connected the other end (SO_PEERPIDFD, Linux 6.5), or -ENOPROTOOPT.
int jarvis_peer_pidfd(int fd);

/// accept4(2), close-on-exec and non-blocking, without the peer's address. Returns the descriptor.
int jarvis_accept(int listener);

// ---- Processes ---------------------------------------------------------------------------------------------------

/// A pidfd (close-on-exec) of a process.
int jarvis_pidfd_open(pid_t pid);

/// Sends a signal through a pidfd: never to a process that took the pid over.
int jarvis_pidfd_send_signal(int pidfd, int signal);

/// How a child ended and what it used, with the children that it waited for.
struct jarvis_exit {
  pid_t pid;
  int code;            ///< Exit code, or the signal when `signalled`.
  bool signalled;      ///< A signal ended it.
  bool core_dumped;    ///< And a core was dumped.
  uint64_t user_us;    ///< CPU time in user mode, microseconds.
  uint64_t system_us;  ///< CPU time in the kernel, microseconds.
  uint64_t maxrss;     ///< Largest resident set of one of them, bytes.
};

/// Reaps a child through its pidfd, waitid(P_PIDFD) with usage. Returns 1 when it was reaped, 0 when it still runs
/// and `block` is false.
int jarvis_wait_pidfd(int pidfd, bool block, struct jarvis_exit *out);

/// Reaps any child that has ended, without blocking. Returns its pid, 0 when none has ended, -ECHILD without children.
int jarvis_reap_any(struct jarvis_exit *out);

/// Makes orphans among the descendants children of the caller (PR_SET_CHILD_SUBREAPER).
int jarvis_set_child_subreaper(void);

/// Writes the caller's /proc/self/oom_score_adj, -1000 to 1000; lowering it needs a privilege.
int jarvis_set_oom_score_adj(int score);

/// Sets every signal to its default: what a parent ignored (nohup, Python's SIGPIPE) would be inherited for ever.
void jarvis_reset_signals(void);

/// Closes every descriptor from `first` on; 0 when the kernel can't (before Linux 5.9) is no failure.
int jarvis_close_from(unsigned first);

/// Raises the soft limit of open files to the hard one. Stores the old soft limit.
int jarvis_raise_file_limit(uint64_t *old_soft);

/// Gives memory that was freed back to the kernel (malloc_trim): what a start has read is then no part of what runs on.
void jarvis_release_memory(void);

// ---- Files -------------------------------------------------------------------------------------------------------

/// openat(2), always with O_CLOEXEC. Returns the descriptor.
int jarvis_openat(int directory, const char *path, int flags, mode_t mode);

/// Whether the path is on a cgroup v2 file system: 1 yes, 0 no.
int jarvis_is_cgroup2(const char *path);

// ---- Starting a child --------------------------------------------------------------------------------------------

/// The step at which a child could not be started.
enum jarvis_stage {
  JARVIS_STAGE_NONE = 0,
  JARVIS_STAGE_CLONE = 1,
  JARVIS_STAGE_PREPARE = 2,  ///< setsid, signal mask, descriptors, resource limits.
  JARVIS_STAGE_CWD = 3,
  JARVIS_STAGE_EXEC = 4,
};

/// Leaves oom_score_adj as it is inherited.
#define JARVIS_OOM_KEEP (-10000)

/// One resource limit for a child, soft and hard alike bounded by what is inherited.
struct jarvis_rlimit {
  int resource;
  uint64_t soft;
};

/// What to start. Pointers are borrowed until the call returns.
struct jarvis_spawn {
  const char *executable;           ///< Absolute path. Null: the child only exits with 0 (a trial of clone3).
  char *const *argv;                ///< Ends with null.
  char *const *envp;                ///< Ends with null.
  const char *cwd;                  ///< Used when `cwd_fd` is -1; null: stay.
  int cwd_fd;                       ///< -1: use `cwd`.
  int stdin_fd;                     ///< These three are at least 3; the child gets them as 0, 1 and 2.
  int stdout_fd;
  int stderr_fd;
  int cgroup_fd;                    ///< Folder of the cgroup to be born in (CLONE_INTO_CGROUP); -1: the caller's.
  int oom_score_adj;                ///< Or JARVIS_OOM_KEEP. A refusal by the kernel is no failure.
  int parent_death_signal;          ///< PR_SET_PDEATHSIG; 0: none.
  const struct jarvis_rlimit *rlimits;
  size_t rlimit_count;
  bool want_pidfd;                  ///< Fill `pidfd` of the result.
};

/// The child, or where and why there is none.
struct jarvis_spawned {
  pid_t pid;       ///< 0 when it failed; a child that failed has been reaped.
  int pidfd;       ///< -1 unless wanted.
  int stage;       ///< enum jarvis_stage.
  int error;       ///< errno of that step.
};

/// Starts a child as the leader of a new session, with an empty signal mask, default signal handlers, /dev/null or
/// what is given as 0, 1 and 2, no other descriptor, straight in its cgroup. Returns when its program has been loaded
/// or it has failed (vfork-style, so the cost does not grow with the caller's memory; fork-style where there is no
/// assembly for the architecture or clone3 is forbidden). Returns 0 or -errno; `out` tells the step.
///
/// Not thread-safe: the child runs on a static stack.
int jarvis_start(const struct jarvis_spawn *spawn, struct jarvis_spawned *out);

// ---- Without cgroups: a stub for each agent ----------------------------------------------------------------------

/// What a stub is told to do.
enum jarvis_stub_command {
  JARVIS_STUB_SIGNAL_MAIN = 1,
  JARVIS_STUB_SIGNAL_ALL = 2,
  JARVIS_STUB_KILL = 3,
  JARVIS_STUB_FREEZE = 4,
  JARVIS_STUB_THAW = 5,
};

/// The last word of a stub: how its agent ended, and what all descendants together used.
struct jarvis_stub_report {
  struct jarvis_exit exit;
  int64_t ended_realtime_ms;
  uint64_t ended_boottime_ns;
  uint32_t leftover;  ///< Descendants alive when the main process ended.
};

/// Starts a stub: a fork of the caller that is a child subreaper, starts the agent and waits for all descendants, so
/// that none escapes by forking twice. It kills them when the main process ends, when it is told to, and when the
/// caller dies. `report_fd` gets the reading end (non-blocking, close-on-exec) of a pipe on which one
/// `jarvis_stub_report` comes, then end of file; end of file alone means that the stub was killed.
///
/// Returns the stub's pid, or -errno with `out` telling the step. `out->pid` is the agent's pid.
int jarvis_stub_start(const struct jarvis_spawn *spawn, struct jarvis_spawned *out, int *report_fd);

/// Queues a command for a stub that the caller started and has not reaped.
int jarvis_stub_command(pid_t stub, enum jarvis_stub_command command, int signal);

/// One pass over /proc: sends SIGKILL to each descendant of `root`, except the trees that begin with one of `spared`.
/// Returns how many were signalled.
int jarvis_kill_descendants(pid_t root, const pid_t *spared, size_t spared_count);

// ---- Programs of Jarvis's own (not agents) -----------------------------------------------------------------------

/// pipe2(2), both ends close-on-exec: the end to read from first.
int jarvis_pipe(int ends[2]);

/// A program to start, and with what. Pointers are borrowed until the call returns.
struct jarvis_program {
  const char *path;   ///< Absolute path.
  char *const *argv;  ///< Ends with null.
  char *const *envp;  ///< Ends with null.
  const char *cwd;    ///< Its folder.
  int stdout_fd;      ///< At least 3; the child gets them as 1 and 2. They may be the same.
  int stderr_fd;
  int kept_fd;        ///< At least 3; the child and its children get it as 3. -1: nothing.
};

/// Starts a program as the leader of a new session, with default signals, /dev/null as stdin, and no descriptor of the
/// caller's but the three. Returns its pid, or -errno.
pid_t jarvis_start_program(const struct jarvis_program *program);

/// Starts a program like that, in `/` and with stdout and stderr appended to `log` (made 0600). Returns its pid, or
/// -errno.
pid_t jarvis_start_service(const char *path, char *const argv[], char *const envp[], const char *log);

#ifdef __cplusplus
}
#endif
