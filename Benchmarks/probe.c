// probe: the measuring side of the benchmarks, in C so that little of what is measured is the probe's own.
//
//   probe spawn COUNT WIDTH                  posix_spawn and waitpid of /bin/true, WIDTH at a time: seconds
//   probe batch SOCKET COUNT                 COUNT tasks of /bin/true in one batch, until task.wait answers: seconds
//   probe submit SOCKET FILE ROUNDS          one-task submissions in turn with durable SQLite inserts into FILE:
//                                            p50 of each in microseconds, and p99 of each
//   probe fill SOCKET COUNT                  COUNT tasks that wait, in batches of at most 10,000
//   probe call SOCKET METHOD PARAMS          one call; its answer
//   probe cost ROUNDS COMMAND...             p50 wall time in milliseconds and the greatest RSS in KiB of a command
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static void die(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fputs("probe: ", stderr);
  vfprintf(stderr, format, arguments);
  fputc('\n', stderr);
  va_end(arguments);
  exit(1);
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int ascending(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

// Sorts `values` as a side effect.
static double percentile(double *values, int count, double share) {
  qsort(values, (size_t)count, sizeof *values, ascending);
  int index = (int)(share * count);
  return values[index < count ? index : count - 1];
}

// ---- Connection ----

static char *answer;
static size_t answer_room;

static int open_socket(const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (strlen(path) >= sizeof address.sun_path) die("the socket's path is too long: %s", path);
  strcpy(address.sun_path, path);
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) < 0)
    die("%s does not answer: %s", path, strerror(errno));
  return fd;
}

// Sends one line and reads one into `answer`; dies when it is an error.
static void ask(int fd, const char *line, size_t length) {
  for (size_t sent = 0; sent < length;) {
    ssize_t n = send(fd, line + sent, length - sent, MSG_NOSIGNAL);
    if (n < 0 && errno != EINTR) die("the request can't be sent: %s", strerror(errno));
    if (n > 0) sent += (size_t)n;
  }
  size_t have = 0;
  for (;;) {
    if (answer_room - have < 65536) {
      answer_room = answer_room ? answer_room * 2 : 1 << 17;
      answer = realloc(answer, answer_room);
      if (!answer) die("out of memory");
    }
    ssize_t n = recv(fd, answer + have, answer_room - have - 1, 0);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) die("the daemon closed the connection");
    have += (size_t)n;
    if (answer[have - 1] == '\n') break;
  }
  answer[have] = 0;
  if (strstr(answer, "\"error\":{")) die("refused: %.500s", answer);
}

// ---- What runs ----

static double spawn_loop(int count, int width) {
  char *argv[] = {"/bin/true", NULL};
  int started = 0, running = 0;
  double begin = now();
  while (started < count || running > 0) {
    if (started < count && running < width) {
      pid_t pid;
      int code = posix_spawn(&pid, argv[0], NULL, NULL, argv, environ);
      if (code) die("posix_spawn: %s", strerror(code));
      started++;
      running++;
    } else {
      if (waitpid(-1, NULL, 0) < 0 && errno != EINTR) die("waitpid: %s", strerror(errno));
      running--;
    }
  }
  return now() - begin;
}

#define TASK "{\"description\":\"benchmark\",\"command\":[\"/bin/true\"]}"

// A request that spawns `count` tasks; the caller frees it.
static char *spawn_request(int count, size_t *length) {
  char *line = malloc((size_t)count * (sizeof TASK + 1) + 256);
  if (!line) die("out of memory");
  char *end = line + sprintf(line, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"task.spawn\",\"params\":{\"tasks\":[");
  for (int i = 0; i < count; i++) end += sprintf(end, "%s%s", i ? "," : "", TASK);
  end += sprintf(end, "],\"branch_id\":\"bench\",\"strategy\":\"parallel\"}}\n");
  *length = (size_t)(end - line);
  return line;
}

static void find_batch(char *into, size_t room) {
  const char *key = "\"batch_id\":\"", *at = strstr(answer, key);
  if (!at) die("no batch_id in the answer: %.300s", answer);
  at += strlen(key);
  snprintf(into, room, "%.*s", (int)strcspn(at, "\""), at);
}

static double run_batch(const char *path, int count) {
  int fd = open_socket(path);
  size_t length;
  char *line = spawn_request(count, &length);
  double begin = now();
  ask(fd, line, length);
  char batch[64], wait[256];
  find_batch(batch, sizeof batch);
  int n = snprintf(wait, sizeof wait,
                   "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"task.wait\",\"params\":{\"batch_id\":\"%s\"}}\n", batch);
  ask(fd, wait, (size_t)n);
  double elapsed = now() - begin;
  char expected[64];
  snprintf(expected, sizeof expected, "\"succeeded\":%d", count);
  if (!strstr(answer, expected)) die("not all tasks succeeded: %.300s", answer);
  free(line);
  close(fd);
  return elapsed;
}

static void fill(const char *path, int count) {
  int fd = open_socket(path);
  while (count > 0) {
    int part = count < 10000 ? count : 10000;
    size_t length;
    char *line = spawn_request(part, &length);
    ask(fd, line, length);
    free(line);
    count -= part;
  }
  close(fd);
}

static void check(sqlite3 *db, int code) {
  if (code != SQLITE_OK && code != SQLITE_DONE && code != SQLITE_ROW) die("SQLite: %s", sqlite3_errmsg(db));
}

static void compare_submissions(const char *path, const char *file, int rounds) {
  sqlite3 *db;
  if (sqlite3_open(file, &db) != SQLITE_OK) die("%s can't be opened", file);
  check(db, sqlite3_exec(db, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
                             "CREATE TABLE IF NOT EXISTS t (id INTEGER PRIMARY KEY, x BLOB)", NULL, NULL, NULL));
  sqlite3_stmt *insert;
  check(db, sqlite3_prepare_v2(db, "INSERT INTO t (x) VALUES (?)", -1, &insert, NULL));
  char row[300];
  memset(row, 'x', sizeof row);
  // The log has grown to where it is used again from its beginning, as in a store that has been in use for a while:
  // making a file longer is another wait for the disk.
  check(db, sqlite3_exec(db, "BEGIN; INSERT INTO t (x) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
                             " WHERE i < 6000) SELECT zeroblob(1000) FROM n; COMMIT", NULL, NULL, NULL));
  int fd = open_socket(path);
  size_t length;
  char *line = spawn_request(1, &length);
  double *bare = calloc((size_t)rounds, sizeof *bare), *ours = calloc((size_t)rounds, sizeof *ours);
  if (!bare || !ours) die("out of memory");
  const int warm_up = 20;
  for (int i = -warm_up; i < rounds; i++) {
    double begin = now();
    check(db, sqlite3_bind_blob(insert, 1, row, sizeof row, SQLITE_STATIC));
    check(db, sqlite3_step(insert));
    check(db, sqlite3_reset(insert));
    double between = now();
    ask(fd, line, length);
    double end = now();
    if (i >= 0) {
      bare[i] = (between - begin) * 1e6;
      ours[i] = (end - between) * 1e6;
    }
  }
  double bare99 = percentile(bare, rounds, 0.99), ours99 = percentile(ours, rounds, 0.99);
  printf("%.1f %.1f %.1f %.1f\n", percentile(bare, rounds, 0.5), percentile(ours, rounds, 0.5), bare99, ours99);
  sqlite3_finalize(insert);
  sqlite3_close(db);
}

static void cost(int rounds, char **command) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
  double *walls = calloc((size_t)rounds, sizeof *walls);
  if (!walls) die("out of memory");
  long peak = 0;
  for (int i = 0; i < rounds; i++) {
    double begin = now();
    pid_t pid;
    int status, code = posix_spawn(&pid, command[0], &actions, NULL, command, environ);
    if (code) die("%s: %s", command[0], strerror(code));
    struct rusage usage;
    if (wait4(pid, &status, 0, &usage) < 0) die("wait4: %s", strerror(errno));
    walls[i] = (now() - begin) * 1e3;
    if (!WIFEXITED(status) || WEXITSTATUS(status)) die("%s failed (status %d)", command[0], status);
    if (usage.ru_maxrss > peak) peak = usage.ru_maxrss;
  }
  printf("%.3f %ld\n", percentile(walls, rounds, 0.5), peak);
}

int main(int argc, char **argv) {
  const char *verb = argc > 1 ? argv[1] : "";
  if (!strcmp(verb, "spawn") && argc == 4) {
    printf("%.6f\n", spawn_loop(atoi(argv[2]), atoi(argv[3])));
  } else if (!strcmp(verb, "batch") && argc == 4) {
    printf("%.6f\n", run_batch(argv[2], atoi(argv[3])));
  } else if (!strcmp(verb, "submit") && argc == 5) {
    compare_submissions(argv[2], argv[3], atoi(argv[4]));
  } else if (!strcmp(verb, "fill") && argc == 4) {
    fill(argv[2], atoi(argv[3]));
  } else if (!strcmp(verb, "call") && argc == 5) {
    char line[65536];
    int n = snprintf(line, sizeof line, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"%s\",\"params\":%s}\n", argv[3], argv[4]);
    if (n >= (int)sizeof line) die("the parameters are too long");
    ask(open_socket(argv[2]), line, (size_t)n);
    fputs(answer, stdout);
  } else if (!strcmp(verb, "cost") && argc >= 4) {
    cost(atoi(argv[2]), argv + 3);
  } else {
    die("unknown verb or wrong number of arguments; the head of probe.c lists them");
  }
  return 0;
}
