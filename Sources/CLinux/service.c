#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <unistd.h>

#include "CLinux.h"

int jarvis_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC) < 0 ? -errno : 0; }

pid_t jarvis_start_program(const struct jarvis_program *program) {
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_t actions;
  int error = posix_spawnattr_init(&attributes);
  if (error) return -error;
  error = posix_spawn_file_actions_init(&actions);
  if (error) {
    posix_spawnattr_destroy(&attributes);
    return -error;
  }
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  pid_t pid = 0;
  int kept = program->kept_fd;
  // In this order: 3 may be one of the first two, and what is made must not be closed again. A dup2 onto itself takes
  // close-on-exec away (posix_spawn_file_actions_adddup2(3)).
  if ((error = posix_spawnattr_setflags(
           &attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF)) == 0 &&
      (error = posix_spawnattr_setsigmask(&attributes, &none)) == 0 &&
      (error = posix_spawnattr_setsigdefault(&attributes, &all)) == 0 &&
      (error = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)) == 0 &&
      (error = posix_spawn_file_actions_adddup2(&actions, program->stdout_fd, 1)) == 0 &&
      (error = posix_spawn_file_actions_adddup2(&actions, program->stderr_fd, 2)) == 0 &&
      (kept < 0 || (error = posix_spawn_file_actions_adddup2(&actions, kept, 3)) == 0) &&
      (error = posix_spawn_file_actions_addclosefrom_np(&actions, kept < 0 ? 3 : 4)) == 0 &&
      (error = posix_spawn_file_actions_addchdir_np(&actions, program->cwd)) == 0)
    error = posix_spawn(&pid, program->path, &actions, &attributes, program->argv, program->envp);
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  return error ? -error : pid;
}

pid_t jarvis_start_service(const char *path, char *const argv[], char *const envp[], const char *log) {
  int fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd < 0) return -errno;
  pid_t pid = jarvis_start_program(&(struct jarvis_program){
      .path = path, .argv = argv, .envp = envp, .cwd = "/", .stdout_fd = fd, .stderr_fd = fd, .kept_fd = -1});
  close(fd);
  return pid;
}
